// What the sink needs of Avro: types only.
import type { ConsumerRecord } from '../kafka/broker.ts'

/** How values in Avro are read. */
export interface ReadAvro {
  /** Waits for the schemas of the records; undefined where all are known. Rejects with a TrackbridgeError. */
  ensure(records: readonly ConsumerRecord[], signal: AbortSignal): Promise<void> | undefined
  /** The JSON of a message, in place, or why there is none; for values of records that `ensure` has seen. */
  readonly payload: (
    value: Buffer,
  ) => { readonly ok: true; readonly payload: Buffer } | { readonly ok: false; readonly reason: string }
}
