// What a request to a broker is to the code that sends it: who it is for, its bytes, and how to read the answer.
import type { ByteReader } from './byte-reader.ts'

export interface Request<Answer> {
  readonly apiKey: number
  readonly apiVersion: number
  /** For messages and kafkajs's log, e.g. `EndTxn`. */
  readonly apiName: string
  /** The body; in flexible versions it begins with the tags of the request header. */
  encode(): Buffer
  decode(answer: ByteReader): Answer
}

/** Kafka's error codes that the protocol itself acts on; the others become errors (kafka-faults.ts). */
export const errorCode = {
  none: 0,
  offsetOutOfRange: 1,
  messageTooLarge: 10,
  coordinatorLoading: 14,
  recordListTooLarge: 18,
  topicAuthorizationFailed: 29,
  unsupportedVersion: 35,
  concurrentTransactions: 51,
  operationNotAttempted: 55,
  unstableOffsetCommit: 88,
} as const
