// What the headers of an output record say of where it came from. In: a record of a destination, dead-letter or unsupported
// topic. Out: the raw place, the run that wrote it, whether it is a mark. Pure. Ruled by kafka.md, "Topics".
import type { ConsumerRecord } from '../kafka/broker.ts'
import { headersOf } from '../records/headers.ts'

/** `raw:3:17:0` of a message: the index counts the messages of one raw record. Dead letters and unsupported records have
 *  none: -1. */
export interface Source {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly index: number
}

export interface Provenance {
  /** Undefined where the header `tb-src` is absent or no place. */
  readonly source: Source | undefined
  /** Name of the run that wrote it, header `tb-replay`; undefined: it was written by `process` as it went. */
  readonly replay: string | undefined
  /** A mark on the dead-letter topic, and no dead letter. */
  readonly isMark: boolean
  readonly messageId: string | undefined
  readonly type: string | undefined
}

const form = /^([\w.-]{1,249}):(\d{1,9}):(\d{1,15})(?::(\d{1,9}))?$/

/** Undefined for anything but a place. */
export function parseSource(text: string): Source | undefined {
  const [, topic, partition, offset, index] = form.exec(text) ?? []
  if (topic === undefined) return undefined
  return {
    topic,
    partition: Number(partition),
    offset: Number(offset),
    index: index === undefined ? -1 : Number(index),
  }
}

/** Never throws. Of several headers of one name the last one counts. */
export function provenanceOf(record: ConsumerRecord): Provenance {
  const found: Record<string, Buffer | null> = {}
  for (const [name, value] of headersOf(record)) if (name.startsWith('tb-')) found[name] = value
  const textOf = (name: string): string | undefined => found[name]?.toString('utf8')
  const source = found['tb-src']
  return {
    source: source === undefined || source === null ? undefined : parseSource(source.toString('latin1')),
    replay: textOf('tb-replay'),
    isMark: record.value === null && 'tb-mark' in found,
    messageId: textOf('tb-mid'),
    type: textOf('tb-type'),
  }
}

const json = /^\{"reason":"([a-z_]{1,40})"/
const avroHeadBytes = 5

/** The reason of a dead letter, e.g. `too_large`; undefined where it cannot be told. It is the first field in both
 *  formats, so that nothing else of the letter need be read: they may be large. */
export function reasonOf(value: Buffer | null): string | undefined {
  if (value === null) return undefined
  if (value[0] !== 0) return json.exec(value.toString('latin1', 0, 64))?.[1]
  const length = value[avroHeadBytes] ?? 0
  // A length in zigzag: even, and of one byte below 128.
  if (length === 0 || (length & 0x81) !== 0) return undefined
  return value.toString('utf8', avroHeadBytes + 1, avroHeadBytes + 1 + length / 2)
}
