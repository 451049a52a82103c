// Marks on the dead-letter topic: records with a null value that say what became of dead letters before them in the same
// partition. In and out: headers. As Kafka deletes a partition from its beginning, no mark goes before what it speaks of.
// Pure. Ruled by docs/dead-letters.md.
import { headersOf, type RecordHeaders } from './headers.ts'

/** `redriven`: the dead letter at this offset was run again. `forgotten`: what stands before the mark of this person, named
 *  by the SHA-256 of the id in hex, is neither shown nor redriven. */
export type Mark =
  | { readonly kind: 'redriven'; readonly topic: string; readonly partition: number; readonly offset: number }
  | { readonly kind: 'forgotten'; readonly personHash: string }

/** What a record that `dead-letters redrive` wrote bears in the header `tb-replay`; so no replay may be called that. */
export const redriveName = 'redrive'

/** Key, value and headers of the record to write: `tb-mark: redriven` and `tb-src: cio.dead-letters:0:12`, or
 *  `tb-mark: forgotten` and `tb-person: <64 hex digits>`. No key: a mark is nobody's. */
export function markRecord(mark: Mark): {
  readonly key: null
  readonly value: null
  readonly headers: Readonly<Record<string, string>>
} {
  const about =
    mark.kind === 'redriven'
      ? { 'tb-src': `${mark.topic}:${mark.partition}:${mark.offset}` }
      : { 'tb-person': mark.personHash }
  return { key: null, value: null, headers: { 'tb-mark': mark.kind, ...about } }
}

interface MarkedRecord {
  readonly value: Buffer | null
  readonly headers: RecordHeaders
}

/** The mark; undefined for every other record, and for marks of a kind that this version does not know. Never throws. */
export function readMark(record: MarkedRecord): Mark | undefined {
  if (record.value !== null) return undefined
  const headers = new Map(headersOf(record).map(([name, value]) => [name, value?.toString('utf8') ?? '']))
  switch (headers.get('tb-mark')) {
    case 'redriven': {
      const [, topic, partition, offset] = /^([\w.-]+):(\d{1,9}):(\d{1,15})$/.exec(headers.get('tb-src') ?? '') ?? []
      if (topic === undefined) return undefined
      return { kind: 'redriven', topic, partition: Number(partition), offset: Number(offset) }
    }
    case 'forgotten': {
      const personHash = headers.get('tb-person') ?? ''
      return /^[\da-f]{64}$/.test(personHash) ? { kind: 'forgotten', personHash } : undefined
    }
    default:
      return undefined
  }
}
