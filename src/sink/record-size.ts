// What a record weighs while it waits. In: a record. Out: bytes, and how many records of a fetch fit into so many.
// Ruled by sink.md, "Behaviour": memory is bounded by bytes, not by messages.
import type { ConsumerRecord } from '../kafka/broker.ts'
import { headersOf } from '../records/headers.ts'

/** What a record costs beside its own bytes: objects, header arrays, the ledger. */
const recordOverheadBytes = 200

/** Bytes that a record counts for: key, value, headers and what is needed to hold it. */
export function recordBytes({ key, value, headers }: ConsumerRecord): number {
  let bytes = recordOverheadBytes + (key?.length ?? 0) + (value?.length ?? 0)
  if ('byteLength' in headers) return bytes + headers.byteLength
  for (const [name, text] of headers) bytes += name.length + (text?.length ?? 0)
  return bytes
}

/** How many of the first records have room together in `roomBytes`, and what all of them weigh. */
export function countFitting(
  records: readonly ConsumerRecord[],
  roomBytes: number,
): { readonly fitting: number; readonly allBytes: number } {
  let allBytes = 0
  let fitting = 0
  for (const record of records) {
    allBytes += recordBytes(record)
    if (allBytes <= roomBytes) fitting++
  }
  return { fitting, allBytes }
}

const copied = (bytes: Buffer | null): Buffer | null => bytes && Buffer.from(bytes)

/** The same record in memory of its own: the bytes of a fetched one are pieces of the whole fetch, and hold all of it. */
export function detached(record: ConsumerRecord): ConsumerRecord {
  const { key, value } = record
  return {
    ...record,
    key: copied(key),
    value: copied(value),
    headers: headersOf(record).map(([name, text]) => [name, copied(text)]),
  }
}
