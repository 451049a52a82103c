// A record of the dead-letter topic, or of the unsupported topic, which has the same shape -> what it is: a letter, a mark,
// or nothing of ours. In: a record and how its value is read. Out: an Entry. Ruled by kafka.md, "Topics".
import type { Place } from '../history/window.ts'
import type { ConsumerRecord, TopicPartition } from '../kafka/broker.ts'
import type { DeadLetterInput } from '../records/dead-letter.ts'
import { headersOf } from '../records/headers.ts'
import { readMark, type Mark } from '../records/marks.ts'

/** A dead letter and where it stands. */
export interface Letter extends DeadLetterInput {
  readonly place: Place
  /** The record's timestamp in Kafka: by default when the letter was written. Milliseconds since 1970. */
  readonly writtenAtMs: number
  /** Header `tb-replay`: the replay whose failure it is, or `redrive`. */
  readonly replay: string | null
}

export type Entry =
  | { readonly kind: 'letter'; readonly letter: Letter }
  | { readonly kind: 'mark'; readonly mark: Mark }
  /** Somebody else's record, or one whose schema cannot be had. */
  | { readonly kind: 'stranger' }

/** The letter in a record's value, e.g. readLetterText; undefined where there is none. Never throws. */
export type DecodeLetter = (value: Buffer, recordTimestampMs: number) => DeadLetterInput | undefined

/** Never throws. */
export function readEntry(record: ConsumerRecord, { topic, partition }: TopicPartition, decode: DecodeLetter): Entry {
  const { value, timestamp, offset } = record
  if (value === null) {
    const mark = readMark(record)
    return mark === undefined ? { kind: 'stranger' } : { kind: 'mark', mark }
  }
  const input = decode(value, timestamp)
  if (input === undefined) return { kind: 'stranger' }
  const replay =
    headersOf(record)
      .findLast(([name]) => name === 'tb-replay')?.[1]
      ?.toString('utf8') ?? null
  return { kind: 'letter', letter: { ...input, place: { topic, partition, offset }, writtenAtMs: timestamp, replay } }
}
