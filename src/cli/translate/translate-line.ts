// One line of raw calls -> the line that `trackbridge translate` prints for it, and what to count, in the three steps that
// translate-block.ts takes for many lines together. Pure. Ruled by product.md, "Commands".
import { stringifyJson } from '../../json.ts'
import type { CallShape } from '../../records/call-mapping.ts'
import { isFault, type Invalid } from '../../translate/fault.ts'
import type { MappingSettings } from '../../translate/mapping-table.ts'
import { messageBytes } from '../../translate/message-text.ts'
import { outcomeLineBytes } from '../../translate/outcome-line.ts'
import type { Outcome, Translation } from '../../translate/outcome.ts'
import { translate } from '../../translate/translate.ts'
import { maxLineBytes } from '../lines.ts'
import { faultOf, type LineCall } from '../record-line.ts'

/** Plain data: a worker thread gets a copy. */
export interface LineSettings {
  /** Stands for the raw topic: name of the file, or "stdin". */
  readonly topic: string
  /** For calls without received_at. */
  readonly timestampMs: number
  readonly mapping: MappingSettings
  /** Where the parts of a call are found; absent: lines are our own raw records. */
  readonly call?: CallShape
}

export interface DecodedLine {
  /** From 1. */
  readonly number: number
  readonly byteLength: number
  readonly decoded: LineCall
}

export interface TranslatedLine {
  readonly number: number
  readonly byteLength: number
  /** Or why the line holds no call. */
  readonly translation: Translation | Invalid
}

export interface PrintedLine {
  /** Without a line break: `{"line":1,"outcome":"translated","messages":[...]}`. */
  readonly text: Buffer
  readonly outcome: Outcome['outcome']
  /** Number of messages. */
  readonly messages: number
  /** True when there are messages, but not for every part of the call. */
  readonly isInPart: boolean
}

/** Never throws. The call's place is partition 0, offset = number of the line - 1. */
export function translateLine({ number, byteLength, decoded }: DecodedLine, settings: LineSettings): TranslatedLine {
  if (!decoded.ok) return { number, byteLength, translation: faultOf(decoded) }
  const { topic, timestampMs, mapping } = settings
  const origin = { topic, partition: 0, offset: number - 1, timestampMs }
  return { number, byteLength, translation: translate(decoded.value, origin, mapping) }
}

/** Never throws: what is too long for one text is printed as invalid. */
export function printLine({ number, byteLength, translation }: TranslatedLine): PrintedLine {
  if (isFault(translation)) return invalidLine(number, translation.reason, translation.field)
  const counts = countsOf(translation)
  if (isTooMuch(translation, counts.messages, byteLength)) return invalidLine(number, tooMuch)
  try {
    const text = outcomeLineBytes(translation, number)
    return { text, outcome: translation.outcome, messages: counts.messages, isInPart: counts.isInPart }
  } catch {
    return invalidLine(number, tooMuch)
  }
}

/** What is printed in place of a line that was too long to keep. */
export const printTooLongLine = (number: number, foundBytes: number): PrintedLine =>
  invalidLine(number, `must be of at most ${maxLineBytes} bytes, found ${foundBytes}`)

// Close to the longest text that JavaScript can hold.
const maxPrintedBytes = 500_000_000
const tooMuch = `becomes more text than one line can hold, which is ${maxPrintedBytes} bytes`

// Each relationship of an object becomes a message with all the attributes of the object: a line of a few megabytes can
// become terabytes. JSON.stringify would fail as well, but only after it has gone through all of them.
function isTooMuch({ operations, isBatch }: Translation, messages: number, lineBytes: number): boolean {
  const copies = isBatch ? 2 : 1
  if (messages * (lineBytes + envelopeCharacters) * copies < maxPrintedBytes) return false
  let bytes = 0
  for (const message of operations.flatMap((one) => (one.outcome === 'translated' ? one.messages : []))) {
    bytes += messageBytes(message).length * copies
    if (bytes > maxPrintedBytes) return true
  }
  return false
}

// More than any message has beside what comes from its call.
const envelopeCharacters = 2_000

const invalidLine = (line: number, reason: string, field = 'record'): PrintedLine => ({
  text: Buffer.from(stringifyJson({ line, outcome: 'invalid', field, reason })),
  outcome: 'invalid',
  messages: 0,
  isInPart: false,
})

function countsOf({ outcome, operations }: Translation): Pick<PrintedLine, 'messages' | 'isInPart'> {
  let messages = 0
  let isWhole = true
  for (const one of operations) {
    if (one.outcome === 'translated') messages += one.messages.length
    if (one.outcome !== 'translated' || one.unsupported.length > 0) isWhole = false
  }
  return { messages, isInPart: outcome === 'translated' && !isWhole }
}
