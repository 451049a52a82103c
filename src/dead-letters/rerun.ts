// One dead letter -> the records it becomes when it is run again through the present code, and what they are. Pure. A letter
// of stage process runs as the raw record it was; one of stage sink is a message, which goes to its destination's topic
// again, and to no other. Ruled by kafka.md, "Topics"; docs/dead-letters.md.
import type { OutRecord } from '../kafka/broker.ts'
import type { Processed, RunAgain, TopologySettings } from '../processor/topology.ts'
import { headersOf } from '../records/headers.ts'
import { redriveName } from '../records/marks.ts'
import type { Letter } from './letter.ts'

type Raw = Letter['source']

export interface RerunSettings {
  readonly topology: TopologySettings
  /** What a raw record becomes; `tooLarge`: when its messages do not fit. */
  readonly process: (raw: Raw, settings: TopologySettings, options: { readonly tooLarge: boolean }) => Processed
  /** Topic and its partitions, by the destination's name. */
  readonly destinations: ReadonlyMap<string, { readonly topic: string; readonly partitions: number }>
}

/** `run`: `counts` are the records by what they are; none of them: no destination takes the messages. `kept`: it cannot be
 *  run, and stays as it is. */
export type Rerun =
  | { readonly kind: 'run'; readonly records: readonly OutRecord[]; readonly counts: RerunCounts }
  | { readonly kind: 'kept'; readonly why: string }

export interface RerunCounts {
  /** On destination topics. */
  readonly messages: number
  readonly unsupported: number
  /** New dead letters: it has failed again. */
  readonly failedAgain: number
  /** Messages that no destination takes. */
  readonly unrouted: number
}

/** Never throws. `tooLarge`: a destination topic has refused what it became before. */
export function rerun(letter: Letter, settings: RerunSettings, { tooLarge = false } = {}): Rerun {
  if (letter.stage === 'sink') return sendAgain(letter, settings, tooLarge)
  if (letter.operations?.length === 0)
    return {
      kind: 'kept',
      why: 'messages of each of its operations are written already; replay the raw record instead',
    }
  const again: RunAgain = { attempt: letter.attempt + 1, operations: letter.operations }
  const { topology } = settings
  const processed = settings.process(letter.source, { ...topology, again }, { tooLarge })
  if (processed.slot === 'skipped') return { kind: 'kept', why: 'it has no value, which process would skip' }
  const on = (topic: string): number => processed.records.filter((record) => record.topic === topic).length
  const [unsupported, failedAgain] = [on(topology.unsupportedTopic), on(topology.deadLetterTopic)]
  const messages = processed.records.length - unsupported - failedAgain
  const records = processed.records.map((record) => ({ ...record, headers: { ...record.headers, ...ours } }))
  return { kind: 'run', records, counts: { messages, unsupported, failedAgain, unrouted: processed.unrouted } }
}

const ours = { 'tb-replay': redriveName } as const

function sendAgain({ source, destination }: Letter, { destinations }: RerunSettings, tooLarge: boolean): Rerun {
  const known = destinations.get(destination ?? '')
  if (known === undefined)
    return { kind: 'kept', why: `destination "${destination ?? ''}" is not in the configuration any more` }
  const { topic, partitions } = known
  if (source.partition >= partitions)
    return {
      kind: 'kept',
      why: `topic ${topic} has ${partitions} partitions and not the letter's, ${source.partition}`,
    }
  if (tooLarge) return { kind: 'kept', why: `it is larger than topic ${topic} accepts (max.message.bytes)` }
  const { partition, key, value, timestamp } = source
  const headers = Object.fromEntries(
    headersOf(source).flatMap(([name, bytes]) => (bytes === null ? [] : [[name, bytes]])),
  )
  const record = { topic, partition, key, value, timestamp, headers: { ...headers, ...ours } }
  return { kind: 'run', records: [record], counts: { messages: 1, unsupported: 0, failedAgain: 0, unrouted: 0 } }
}
