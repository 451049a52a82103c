// The answer to one request is lost after the broker acted on it, comes late, comes in half, or the request itself comes
// late: for every request of a transaction. One process; each form waits until the work before it is done.
import type { FaultRule, Strike } from '../../test/support/fault-rules.ts'
import type { ApiName } from '../../test/support/kafka-frames.ts'
import { attempt, certainFirst, strikeEach, type FormKind } from '../strike.ts'
import type { Leg, Scenario, Stage } from '../process/scenario.ts'

interface Form {
  readonly api: ApiName
  readonly action: Strike | 'delay' | 'late'
}

const requests = [
  'EndTxn',
  'TxnOffsetCommit',
  'Produce',
  'AddOffsetsToTxn',
  'AddPartitionsToTxn',
  'InitProducerId',
] as const satisfies readonly ApiName[]
const actions = ['cut-after', 'drop-answer', 'cut-in-frame', 'cut-before', 'hold', 'delay', 'late'] as const

const forms: readonly Form[] = requests.flatMap((api) => actions.map((action) => ({ api, action })))

const kind: FormKind<Form> = {
  forms,
  faultOf: ({ api, action }) => `${action} ${api}`,
  apiOf: ({ api }) => api,
}

/** Within the request timeout of the legs (5 s), and beyond it. */
const delayMs = 2_000
const lateMs = 7_000
const chunkRecords = 50

/** Single requests and answers. */
export const lostAnswers: Scenario = {
  name: 'lost-answers',
  promise: 'an answer that is lost, late or cut off leaves no record lost or doubled',
  brokers: 1,
  usual: { rounds: forms.length, records: 84_000 },
  short: { rounds: 4, records: 6_000 },
  async run(stage) {
    const portion = Math.ceil(stage.size.records / stage.size.rounds)
    let leg = stage.start()
    await stage.untilOwned([leg])
    // What matters most first, for short runs; a whole run has each once.
    const [grave, others] = [forms.filter(isGrave), forms.filter((form) => !isGrave(form))]
    const order = [grave, others].flatMap((some) => certainFirst(stage, { ...kind, forms: some }))
    await strikeEach(stage, { ...kind, forms: order }, async (form) => {
      leg = await strike(stage, form, { leg, portion })
    })
  },
}

const isGrave = ({ api, action }: Form): boolean =>
  (api === 'EndTxn' || api === 'TxnOffsetCommit' || api === 'Produce') &&
  (action === 'cut-after' || action === 'cut-in-frame')

async function strike(
  stage: Stage,
  form: Form,
  { leg, portion }: { readonly leg: Leg; readonly portion: number },
): Promise<Leg> {
  const { api } = form
  const fault = kind.faultOf(form)
  const seen = stage.rules.seen(api)
  const isOpening = api === 'InitProducerId'
  const most = isOpening ? 4 : Math.max(1, Math.min(10, portion / (2 * chunkRecords * stage.topics.partitions)))
  const nth = 1 + Math.floor(stage.random() * most)
  // Sessions are opened when a process starts.
  if (isOpening) await stop(stage, leg)
  const armed = stage.rules.arm(toRule(form, nth))
  await stage.feed(portion)
  const running = isOpening ? stage.start() : leg
  await attempt(stage, { fault, armed, isNeverSent: () => stage.rules.seen(api) === seen })
  await stage.until('the work is done', () => stage.progress.done() >= stage.progress.fed())
  return running
}

function toRule({ api, action }: Form, nth: number): FaultRule {
  if (action === 'delay') return { api, nth, action, delayMs }
  if (action === 'late') return { api, nth, action, delayMs: lateMs }
  return { api, nth, action }
}

async function stop(stage: Stage, leg: Leg): Promise<void> {
  leg.send('SIGTERM')
  await stage.until(`${leg.name} has ended`, () => leg.isOver())
}
