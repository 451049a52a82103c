// A translation as one JSON object for people and pipes: what `trackbridge translate` prints (product.md, "Commands").
import type { Outcome, Translation } from './outcome.ts'

type Line = Readonly<Record<string, unknown>>

/** `{outcome: 'translated', messages: [...]}`; with `reason` (and `field`) for what was not translated; a batch has the
 *  single outcomes as `operations` beside the concatenated `messages`. `head` is put first, e.g. `{line: 1}`: given here,
 *  for to spread the result behind other keys takes V8 0.4 us. */
export function outcomeLine({ outcome, operations, isBatch }: Translation, head: Line = noHead): Line {
  const [first] = operations
  if (first === undefined) return { ...head, outcome }
  if (!isBatch) return operationLine(first, head)
  const messages = operations.flatMap((operation) => (operation.outcome === 'translated' ? operation.messages : []))
  const reason = outcome !== 'translated' && first.outcome !== 'translated' ? { reason: first.reason } : undefined
  const single = operations.map((operation) => operationLine(operation, noHead))
  return { ...head, outcome, ...reason, messages, operations: single }
}

const noHead: Line = {}

function operationLine(operation: Outcome, head: Line): Line {
  switch (operation.outcome) {
    case 'translated': {
      const { outcome, messages, unsupported } = operation
      return unsupported.length === 0
        ? { ...head, outcome, messages }
        : { ...head, outcome, messages, unsupported: unsupported.map(({ reason }) => reason) }
    }
    case 'unsupported':
      return { ...head, outcome: operation.outcome, reason: operation.reason }
    case 'invalid':
      return { ...head, outcome: operation.outcome, field: operation.field, reason: operation.reason }
  }
}
