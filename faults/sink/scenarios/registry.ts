// The schema registry is away while messages come whose schema the process does not know yet, or while a process has yet to
// ask for any. Their partitions wait, the others go on, no message becomes a dead letter, and all goes on by itself.
import { oftenEnough } from '../../strike.ts'
import { watchStandstill } from '../../standstill.ts'
import type { RegistryFault } from '../faulty-registry.ts'
import type { SchemaFaults } from '../message-form.ts'
import type { Mixture } from '../messages.ts'
import type { Leg, Scenario, Stage } from '../scenario.ts'

interface Form {
  readonly name: string
  readonly fault: RegistryFault
  /** What the messages are: with a schema that nobody knows yet, with the usual one for a process that has just started,
   *  or JSON for such a process, of which some are to be dead letters: those need a schema too. */
  readonly messages: 'new schema' | 'new process' | 'JSON'
  /** Where they stand; absent: everywhere. */
  readonly partition?: number
}

const struckPartition = 3
/** Longer than between two commits of the sink. */
const settleMs = 1_500

const forms: readonly Form[] = [
  { name: 'registry refuses, new process', fault: 'refuses', messages: 'new process' },
  { name: 'registry never answers, new schema', fault: 'silent', messages: 'new schema', partition: struckPartition },
  { name: 'registry answers 503, new schema', fault: '503', messages: 'new schema' },
  { name: 'registry refuses, new schema', fault: 'refuses', messages: 'new schema', partition: struckPartition },
  { name: '404 of a gateway, new schema', fault: 'gateway', messages: 'new schema' },
  { name: 'registry answers garbage, new schema', fault: 'garbage', messages: 'new schema' },
  { name: 'registry refuses, first dead letter', fault: 'refuses', messages: 'JSON', partition: struckPartition },
  { name: 'registry never answers, new process', fault: 'silent', messages: 'new process' },
]
/** The last ones are of the same kind as some before. */
const shortRounds = 3

/** One process, or one after the other. */
export const registry: Scenario = {
  name: 'registry',
  promise: 'while the schema registry is away what needs it waits, becomes no dead letter, and goes on by itself',
  brokers: 1,
  needs: { format: 'avro' },
  usual: { rounds: forms.length, records: 500 * forms.length },
  short: { rounds: shortRounds, records: 150 * shortRounds },
  async run(stage) {
    const { schemas, size } = stage
    if (schemas === undefined) throw new Error('without --format avro there is no registry that could be away')
    const portion = Math.ceil(size.records / size.rounds)
    for (const form of oftenEnough(forms, size.rounds)) await strike(stage, schemas, { ...form, portion })
  },
}

async function strike(stage: Stage, schemas: SchemaFaults, form: Form & { readonly portion: number }): Promise<void> {
  const { name, fault, messages, partition, portion } = form
  stage.under(name)
  // Whoever wrote them had registered it.
  if (messages === 'new schema') schemas.renew(partition)
  schemas.plain(messages === 'JSON')
  await schemas.strike(fault)
  const leg = await legFor(stage, messages)
  const fromLine = leg.lines.length
  await stage.feedMixed(portion, mixtureOf(form))
  stage.struck(name)
  if (partition !== undefined)
    await stage.until('all other partitions are done', () => stage.progress.left().join() === String(partition))
  await watchStandstill(stage, { fault: name, leg, says: /schema registry/, fromLine, settleMs })
  await schemas.strike(undefined)
  await stage.untilAllDone()
  schemas.plain(false)
}

const mixtureOf = ({ messages, partition }: Form): Mixture =>
  messages === 'JSON' && partition !== undefined ? { rejected: 0.2, partition } : {}

async function legFor(stage: Stage, messages: Form['messages']): Promise<Leg> {
  const [running] = stage.legs()
  if (running !== undefined && messages === 'new schema') return running
  if (running !== undefined) {
    running.send('SIGTERM')
    await stage.until(`${running.name} ends`, () => running.isOver())
  }
  const leg = stage.start()
  await stage.untilOwned([leg])
  return leg
}
