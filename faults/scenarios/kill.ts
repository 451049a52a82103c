// SIGKILL: at random moments of the work, while starting, and at exact points of the protocol, by the proxy.
import type { ApiName } from '../../test/support/kafka-frames.ts'
import { attempt, certainFirst, strikeEach, type FormKind } from '../strike.ts'
import type { Scenario, Stage } from '../process/scenario.ts'

type Form =
  { readonly at: 'random' | 'starting' } | { readonly at: ApiName; readonly when: 'before' | 'during' | 'after' }

const points = [
  'InitProducerId',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'TxnOffsetCommit',
  'Produce',
  'EndTxn',
] as const satisfies readonly ApiName[]

const forms: readonly Form[] = [
  ...points.flatMap((at) => (['before', 'during', 'after'] as const).map((when) => ({ at, when }))),
  ...Array.from({ length: 4 }, () => ({ at: 'random' as const })),
  ...Array.from({ length: 2 }, () => ({ at: 'starting' as const })),
]

const kind: FormKind<Form> = {
  forms,
  faultOf: (form) => ('when' in form ? `SIGKILL ${form.when} ${form.at}` : `SIGKILL ${form.at}`),
  apiOf: (form) => ('when' in form ? form.at : undefined),
}

const longestStartMs = 2_000

/** Kills one leg after the other. */
export const kill: Scenario = {
  name: 'kill',
  promise: 'a process killed at any moment loses nothing and repeats nothing',
  brokers: 1,
  usual: { rounds: 24, records: 48_000 },
  short: { rounds: 3, records: 4_500 },
  async run(stage) {
    const portion = Math.ceil(stage.size.records / stage.size.rounds)
    await strikeEach(stage, { ...kind, forms: certainFirst(stage, kind) }, async (form) => {
      await stage.feed(portion)
      await strike(stage, form, portion)
    })
  },
}

async function strike(stage: Stage, form: Form, portion: number): Promise<void> {
  if (!('when' in form)) return form.at === 'random' ? killAtRandom(stage, portion) : killWhileStarting(stage)
  const { at: api, when } = form
  const fault = kind.faultOf(form)
  const seen = stage.rules.seen(api)
  // So many of them go by for sure.
  const nth = 1 + Math.floor(stage.random() * Math.min(20, portion / (100 * stage.topics.partitions)))
  const armed = stage.rules.arm({ api, nth, action: 'call', when, cuts: true, call: () => leg.send('SIGKILL') })
  const leg = stage.start()
  const hasStruck = await attempt(stage, { fault, armed, isNeverSent: () => stage.rules.seen(api) === seen })
  if (!hasStruck) stage.struck('SIGKILL when all was done')
  leg.send('SIGKILL')
  await leg.ended
}

async function killAtRandom(stage: Stage, portion: number): Promise<void> {
  const leg = stage.start()
  const more = 1 + Math.floor((stage.random() * portion) / 2)
  await stage.untilDone(more)
  leg.send('SIGKILL')
  stage.struck('SIGKILL at random')
  await leg.ended
}

async function killWhileStarting(stage: Stage): Promise<void> {
  const leg = stage.start()
  const over = performance.now() + stage.random() * longestStartMs
  await stage.until('the moment to kill', () => performance.now() >= over)
  leg.send('SIGKILL')
  stage.struck('SIGKILL while starting')
  await leg.ended
}
