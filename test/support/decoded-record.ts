// Records with their headers decoded, so that they can be compared whole. Test support.
import type { ConsumerRecord } from '../../src/kafka/broker.ts'
import { headersOf, type Header } from '../../src/records/headers.ts'

export type DecodedRecord = Omit<ConsumerRecord, 'headers'> & { readonly headers: readonly Header[] }

export const decoded = (record: ConsumerRecord): DecodedRecord => ({ ...record, headers: headersOf(record) })
