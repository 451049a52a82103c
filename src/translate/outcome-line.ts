// A translation as one JSON object for people and pipes: what `trackbridge translate` prints (product.md, "Commands").
import type { Outcome, Translation } from './outcome.ts'

/** `{outcome: 'translated', messages: [...]}`; with `reason` (and `field`) for what was not translated; a batch has the
 *  single outcomes as `operations` beside the concatenated `messages`. */
export function outcomeLine({ outcome, operations, isBatch }: Translation): Readonly<Record<string, unknown>> {
  const [first] = operations
  if (first === undefined) return { outcome }
  if (!isBatch) return operationLine(first)
  const messages = operations.flatMap((operation) => (operation.outcome === 'translated' ? operation.messages : []))
  const reason = outcome !== 'translated' && first.outcome !== 'translated' ? { reason: first.reason } : undefined
  return { outcome, ...reason, messages, operations: operations.map(operationLine) }
}

function operationLine(operation: Outcome): Readonly<Record<string, unknown>> {
  switch (operation.outcome) {
    case 'translated': {
      const { outcome, messages, unsupported } = operation
      return unsupported.length === 0
        ? { outcome, messages }
        : { outcome, messages, unsupported: unsupported.map(({ reason }) => reason) }
    }
    case 'unsupported':
      return { outcome: operation.outcome, reason: operation.reason }
    case 'invalid':
      return { outcome: operation.outcome, field: operation.field, reason: operation.reason }
  }
}
