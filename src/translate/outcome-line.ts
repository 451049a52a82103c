// A translation as one JSON object for people and pipes: what `trackbridge translate` prints (product.md, "Commands").
import type { Outcome, Translation } from './outcome.ts'

/** `{outcome: 'translated', messages: [...]}`; with `reason` (and `field`) for what was not translated; with
 *  `operations` where there was more than one outcome. */
export function outcomeLine({ outcome, operations }: Translation): Readonly<Record<string, unknown>> {
  const [first] = operations
  if (operations.length === 1 && first !== undefined) return operationLine(first)
  const messages = operations.flatMap((operation) => (operation.outcome === 'translated' ? operation.messages : []))
  const reason =
    first !== undefined && first.outcome !== 'translated' && outcome !== 'translated' ? { reason: first.reason } : {}
  return { outcome, ...reason, messages, operations: operations.map(operationLine) }
}

function operationLine(operation: Outcome): Readonly<Record<string, unknown>> {
  switch (operation.outcome) {
    case 'translated':
      return { outcome: operation.outcome, messages: operation.messages }
    case 'unsupported':
      return { outcome: operation.outcome, reason: operation.reason }
    case 'invalid':
      return { outcome: operation.outcome, field: operation.field, reason: operation.reason }
  }
}
