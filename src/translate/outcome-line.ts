// A translation as one JSON object for people and pipes: what `trackbridge translate` prints (product.md, "Commands").
import { fromByteText, quoteBytes, toByteText, type ByteText } from './byte-text.ts'
import type { Message } from './message.ts'
import { messageBytes } from './message-text.ts'
import type { Outcome, Translation } from './outcome.ts'

/** JSON text `{"line":1,"outcome":"translated","messages":[...]}`; with `reason` (and `field`) for what was not
 *  translated; a batch has the single outcomes as `operations` beside the concatenated `messages`. Without `line` where
 *  none is given. */
export function outcomeLineBytes({ outcome, operations, isBatch }: Translation, line?: number): ByteText {
  const head = line === undefined ? '{' : `{"line":${line},`
  const [first] = operations
  if (first === undefined) return `${head}"outcome":"${outcome}"}`
  if (!isBatch) return head + membersOf(first)
  const messages = operations.flatMap((operation) => (operation.outcome === 'translated' ? operation.messages : []))
  const reason =
    outcome === 'translated' || first.outcome === 'translated' ? '' : `"reason":${quoteBytes(first.reason)},`
  const single = operations.map((operation) => `{${membersOf(operation)}`)
  return `${head}"outcome":"${outcome}",${reason}"messages":${messagesText(messages)},"operations":[${single.join(',')}]}`
}

/** The same as an ordinary string. */
export const outcomeLine = (translation: Translation, line?: number): string =>
  fromByteText(outcomeLineBytes(translation, line))

/** The members of one outcome and the brace that closes them. */
function membersOf(operation: Outcome): ByteText {
  switch (operation.outcome) {
    case 'translated': {
      const text = `"outcome":"translated","messages":${messagesText(operation.messages)}`
      const { unsupported } = operation
      if (unsupported.length === 0) return `${text}}`
      return `${text},"unsupported":${toByteText(JSON.stringify(unsupported.map(({ reason }) => reason)))}}`
    }
    case 'unsupported':
      return `"outcome":"unsupported","reason":${quoteBytes(operation.reason)}}`
    case 'invalid':
      return `"outcome":"invalid","field":${quoteBytes(operation.field)},"reason":${quoteBytes(operation.reason)}}`
  }
}

function messagesText(messages: readonly Message[]): ByteText {
  let text = ''
  for (const message of messages) text += text === '' ? messageBytes(message) : `,${messageBytes(message)}`
  return `[${text}]`
}
