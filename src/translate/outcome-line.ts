// A translation as one JSON object for people and pipes: what `trackbridge translate` prints (product.md, "Commands").
import { closeText, openText, writeAscii, writeJson, writeQuoted } from './byte-writer.ts'
import type { Message } from './message.ts'
import { writeMessage } from './message-text.ts'
import type { Outcome, Translation } from './outcome.ts'

/** JSON text `{"line":1,"outcome":"translated","messages":[...]}` in bytes of UTF-8; with `reason` (and `field`) for what
 *  was not translated; a batch has the single outcomes as `operations` beside the concatenated `messages`. Without `line`
 *  where none is given. */
export function outcomeLineBytes(translation: Translation, line?: number): Buffer {
  openText()
  writeAscii(line === undefined ? '{' : `{"line":${line},`)
  if (translation.isBatch && translation.operations.length > 0) writeBatch(translation)
  else writeSingle(translation)
  return closeText()
}

/** The same as a string. */
export const outcomeLine = (translation: Translation, line?: number): string =>
  outcomeLineBytes(translation, line).toString()

function writeSingle({ outcome, operations }: Translation): void {
  const [first] = operations
  if (first === undefined) writeAscii(`"outcome":"${outcome}"}`)
  else writeMembers(first)
}

function writeBatch({ outcome, operations }: Translation): void {
  const [first] = operations
  writeAscii(`"outcome":"${outcome}",`)
  if (outcome !== 'translated' && first !== undefined && first.outcome !== 'translated') {
    writeAscii('"reason":')
    writeQuoted(first.reason)
    writeAscii(',')
  }
  writeAscii('"messages":')
  writeMessages(operations.flatMap((operation) => (operation.outcome === 'translated' ? operation.messages : [])))
  let before = ',"operations":[{'
  for (const operation of operations) {
    writeAscii(before)
    writeMembers(operation)
    before = ',{'
  }
  writeAscii(']}')
}

/** The members of one outcome and the brace that closes them. */
function writeMembers(operation: Outcome): void {
  switch (operation.outcome) {
    case 'translated':
      writeAscii('"outcome":"translated","messages":')
      writeMessages(operation.messages)
      if (operation.unsupported.length > 0) {
        writeAscii(',"unsupported":')
        writeJson(operation.unsupported.map(({ reason }) => reason))
      }
      break
    case 'invalid':
      writeAscii('"outcome":"invalid","field":')
      writeQuoted(operation.field)
      writeAscii(',"reason":')
      writeQuoted(operation.reason)
      break
    case 'unsupported':
      writeAscii('"outcome":"unsupported","reason":')
      writeQuoted(operation.reason)
  }
  writeAscii('}')
}

function writeMessages(messages: readonly Message[]): void {
  let before = '['
  for (const message of messages) {
    writeAscii(before)
    writeMessage(message)
    before = ','
  }
  writeAscii(before === '[' ? '[]' : ']')
}
