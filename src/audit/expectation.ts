// A raw record -> what it must have become, by the present code and configuration, entered into the ledger. Nothing is
// encoded: only what goes where counts. In: records of the raw topic. Out: entries, sums. Ruled by topology.ts.
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { ConsumerRecord, OutRecord, TopicPartition } from '../kafka/broker.ts'
import type { Log } from '../ops/log.ts'
import { createPoisonGuard } from '../processor/poison.ts'
import { createTopicReader, type RawTopics } from '../processor/raw-topics.ts'
import { processRecord, type Processed, type TopologySettings } from '../processor/topology.ts'
import type { DecodeAvro } from '../records/call-source.ts'
import { headersOf } from '../records/headers.ts'
import type { MappingSettings } from '../translate/mapping-table.ts'
import { flag, type Ledger } from './ledger.ts'
import { parseSource } from './provenance.ts'
import type { AuditedDestination } from './scene.ts'

export interface ExpectationOptions {
  readonly raw: RawTopics
  readonly destinations: readonly AuditedDestination[]
  readonly deadLetterTopic: string
  readonly unsupportedTopic: string
  readonly mapping: MappingSettings
}

export interface ExpectationDeps {
  readonly clock: Clock
  readonly log: Log
  readonly decodeAvro?: DecodeAvro | undefined
  readonly partitionOf: TopologySettings['partitionOf']
}

type Raw = ConsumerRecord & TopicPartition

/** What a raw record becomes. Never throws. */
export type Expect = (raw: Raw) => Processed

const noBytes = Buffer.alloc(0)

/** The records have places, keys and headers, and no values. */
export function createExpect(options: ExpectationOptions, deps: ExpectationDeps): Expect {
  const { destinations, raw, ...rest } = options
  const settings: TopologySettings = {
    ...rest,
    routes: destinations.map(({ route }) => ({ ...route, encode: () => noBytes })),
    encodeDeadLetter: () => noBytes,
    encodeUnsupported: () => noBytes,
    partitionOf: deps.partitionOf,
    readCall: createTopicReader(raw, deps.decodeAvro),
  }
  const process = createPoisonGuard(processRecord, deps)
  return (record) => process(record, settings)
}

/** A message that must be there, or -1 as destination: a dead letter or an unsupported record. */
export interface ExpectedRecord {
  readonly destination: number
  readonly index: number
  readonly record: OutRecord
}

/** Which destination each record is for: by its topic, which no two have in common. */
export function expectedRecords(
  { records }: Processed,
  numbers: ReadonlyMap<string, number>,
): readonly ExpectedRecord[] {
  return records.map((record) => {
    const destination = numbers.get(record.topic) ?? -1
    const index = destination < 0 ? -1 : (parseSource(String(record.headers['tb-src']))?.index ?? -1)
    if (destination >= 0 && index < 0) throw new TrackbridgeError('TB_BUG', 'a message has no index in its tb-src')
    return { destination, index, record }
  })
}

/** Enters a raw record with what it must have become. */
export function enterTranslated(ledger: Ledger, raw: Raw, processed: Processed, numbers: ReadonlyMap<string, number>) {
  const expected = expectedRecords(processed, numbers)
  let count = 0
  for (const { index } of expected) count = Math.max(count, index + 1)
  const kinds = processed.faults ?? []
  let flags = replayFlag(raw)
  for (const { slot } of kinds) flags |= slot === 'dead-letter' ? flag.expectsDeadLetter : flag.expectsUnsupported
  ledger.add(raw.offset, processed.slot, { count, flags })
  for (const message of expected) if (message.destination >= 0) ledger.expect(raw.offset, message)
}

/** Enters a raw record of which only its being there is known: room for one message, whichever there are. */
export function enterUntranslated(ledger: Ledger, raw: Raw): void {
  ledger.add(raw.offset, raw.value === null ? 'skipped' : 'unknown', { count: 1, flags: replayFlag(raw) })
}

const replayFlag = (raw: Raw): number =>
  headersOf(raw).some(([name, value]) => name === 'tb-replay' && value !== null) ? flag.bearsReplay : 0
