// One line of raw calls -> the line that `trackbridge translate` prints for it, and what to count. Pure. Ruled by
// product.md, "Commands".
import { decodeJson, stringifyJson } from '../json.ts'
import type { MappingSettings } from '../translate/mapping-table.ts'
import { outcomeLine } from '../translate/outcome-line.ts'
import type { Outcome, Translation } from '../translate/outcome.ts'
import { translate } from '../translate/translate.ts'
import { maxLineBytes, type Line } from './lines.ts'

export interface LineSettings {
  /** Stands for the raw topic: name of the file, or "stdin". */
  readonly topic: string
  /** For calls without received_at. */
  readonly timestampMs: number
  readonly mapping: MappingSettings
}

export interface TranslatedLine {
  /** With its line break, e.g. `{"line":1,"outcome":"translated","messages":[...]}\n`. */
  readonly text: string
  readonly outcome: Outcome['outcome']
  /** Number of messages. */
  readonly messages: number
  /** True when there are messages, but not for every part of the call. */
  readonly isInPart: boolean
}

/** Never throws. The call's place is partition 0, offset = number of the line - 1. */
export function translateLine(line: Line, { topic, timestampMs, mapping }: LineSettings): TranslatedLine {
  const { number } = line
  if ('tooLongBytes' in line)
    return invalidLine(number, `must be of at most ${maxLineBytes} bytes, found ${line.tooLongBytes}`)
  const decoded = decodeJson(line.bytes)
  if (!decoded.ok) return invalidLine(number, decoded.reason)
  const origin = { topic, partition: 0, offset: number - 1, timestampMs }
  const translation = translate(decoded.value, origin, mapping)
  if (isTooMuch(translation, line.bytes.length)) return invalidLine(number, tooMuch)
  try {
    return { text: lineText({ line: number, ...outcomeLine(translation) }), ...countsOf(translation) }
  } catch {
    return invalidLine(number, tooMuch)
  }
}

// Close to the longest text that JavaScript can hold.
const maxLineCharacters = 500_000_000
const tooMuch = `becomes more text than one line can hold, which is ${maxLineCharacters} characters`

// Each relationship of an object becomes a message with all the attributes of the object: a line of a few megabytes can
// become terabytes. JSON.stringify would fail as well, but only after it has gone through all of them.
function isTooMuch({ operations, isBatch }: Translation, lineBytes: number): boolean {
  const copies = isBatch ? 2 : 1
  const messages = operations.flatMap((one) => (one.outcome === 'translated' ? one.messages : []))
  if (messages.length * (lineBytes + envelopeCharacters) * copies < maxLineCharacters) return false
  let characters = 0
  for (const message of messages) {
    characters += stringifyJson(message).length * copies
    if (characters > maxLineCharacters) return true
  }
  return false
}

// More than any message has beside what comes from its call.
const envelopeCharacters = 2_000

const lineText = (value: unknown): string => `${stringifyJson(value)}\n`

const invalidLine = (line: number, reason: string): TranslatedLine => ({
  text: lineText({ line, outcome: 'invalid', field: 'record', reason }),
  outcome: 'invalid',
  messages: 0,
  isInPart: false,
})

function countsOf({ outcome, operations }: Translation): Omit<TranslatedLine, 'text'> {
  const counts = operations.map((one) => (one.outcome === 'translated' ? one.messages.length : 0))
  const isWhole = operations.every((one) => one.outcome === 'translated' && one.unsupported.length === 0)
  return {
    outcome,
    messages: counts.reduce((sum, count) => sum + count, 0),
    isInPart: outcome === 'translated' && !isWhole,
  }
}
