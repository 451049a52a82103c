// A dead letter -> its value in Avro: DeadLetter, and Unsupported, which has the same fields. Pure. Ruled by kafka.md,
// "Topics", and avro/DeadLetter.avsc, whose order of fields this follows.
import { cutText, maxAnswerBytes, maxMessageBytes, type EncodeDeadLetter } from '../records/dead-letter.ts'
import { headersOf } from '../records/headers.ts'
import { encodeValue, writeLong, writeOptional, writeSized, writeText } from './avro-writer.ts'

/** The encoder of one topic; `schemaId`: of DeadLetter or Unsupported in the registry. */
export function deadLetterEncoder(schemaId: number): EncodeDeadLetter {
  return ({ source, answer, ...letter }) =>
    encodeValue(schemaId, () => {
      writeText(letter.reason)
      writeOptional(letter.field, writeText)
      writeText(cutText(letter.message, maxMessageBytes))
      writeText(letter.stage)
      writeText(source.topic)
      writeLong(source.partition)
      writeLong(source.offset)
      writeOptional(timeOf(source.timestamp), writeLong)
      writeOptional(letter.destination, writeText)
      writeLong(letter.attempt)
      writeOptional(answer?.status, writeLong)
      writeOptional(answer === undefined ? null : cutText(answer.body, maxAnswerBytes), writeText)
      writeOptional(source.key, writeSized)
      writeOptional(source.value, writeSized)
      writeHeaders(headersOf(source))
      writeOptional(timeOf(letter.at), writeLong)
      writeOptional(letter.operations, writeNumbers)
    })
}

function writeNumbers(numbers: readonly number[]): void {
  if (numbers.length > 0) {
    writeLong(numbers.length)
    for (const number of numbers) writeLong(number)
  }
  writeLong(0)
}

function writeHeaders(headers: ReturnType<typeof headersOf>): void {
  if (headers.length > 0) {
    writeLong(headers.length)
    for (const [name, value] of headers) {
      writeText(name)
      writeOptional(value, writeSized)
    }
  }
  writeLong(0)
}

// Producers may set any 64-bit number as the timestamp of a record.
const timeOf = (ms: number): number | null => (Number.isInteger(ms) && Math.abs(ms) <= 2 ** 52 ? ms : null)
