// One raw Track call in, one outcome per operation out: the folder's entry. Pure, deterministic, never throws.
//   raw call -> normalise (v1.ts, v2.ts) -> operation -> split.ts -> mapping-table.ts -> envelope.ts -> messages
import { describeJson } from '../json.ts'
import { toMessage, type RecordFacts } from './envelope.ts'
import { defaultMappingSettings, type MappingSettings } from './mapping-table.ts'
import type { ElementaryOperation, Operation } from './operation.ts'
import { invalid, isFault, unsupported, type Fault, type Unsupported } from './fault.ts'
import type { Outcome, Translation } from './outcome.ts'
import { readRawCall, type RawCall } from './raw-call.ts'
import { splitOperation } from './split.ts'
import { lastMs } from './timestamps.ts'
import { matchPath } from './v1-paths.ts'
import { v1Operation } from './v1.ts'
import { v2Operation } from './v2.ts'

/** Where the raw record stands in Kafka: ids are made from it. `timestampMs` is used where the call has no received_at. */
export interface Origin {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  /** Messages are numbered by `firstIndexAlone`: some operations of a batch are run again without the others. */
  readonly isRunAgainInPart?: boolean
}

/** The number of an operation's first message, where operations are run again by themselves: those that failed the first
 *  time had none, and must not take the numbers, and so the ids, of others. Holds for 65,536 messages a record. */
export const firstIndexAlone = (operation: number): number => 65_536 * (operation + 1)

/** Value of a raw record -> its outcomes. Same record, same result, to the byte. */
export function translate(
  call: unknown,
  origin: Origin,
  settings: MappingSettings = defaultMappingSettings,
): Translation {
  const raw = readRawCall(call)
  if (isFault(raw)) return { outcome: raw.outcome, operations: [raw], isBatch: false }
  const isAlone = origin.isRunAgainInPart === true
  const facts = {
    identity: raw.id ?? origin,
    receivedAtMs: raw.receivedAtMs ?? Math.min(Math.max(origin.timestampMs, 0), lastMs),
  }
  const normalised = normalise(raw)
  if (isBatch(normalised)) {
    const operations = toOutcomes(normalised, facts, settings, isAlone)
    return { outcome: outcomeOf(operations), operations, isBatch: true, source: raw.source }
  }
  const operation = toOutcome(normalised, settings, facts, isAlone ? firstIndexAlone(0) : 0)
  return { outcome: operation.outcome, operations: [operation], isBatch: false, source: raw.source }
}

function outcomeOf(operations: readonly Outcome[]): Outcome['outcome'] {
  for (const { outcome } of operations) if (outcome === 'translated') return outcome
  return operations[0]?.outcome ?? 'invalid'
}

/** What a call means: an operation, or those of a batch. */
type Normalised = Operation | Fault | readonly (Operation | Fault)[]

const isBatch = (normalised: Normalised): normalised is readonly (Operation | Fault)[] => Array.isArray(normalised)

function normalise(raw: RawCall): Normalised {
  const match = matchPath(raw.method, raw.path)
  if (match === undefined) return invalid('path', 'is no path of the Track API')
  if ('methods' in match) {
    const allowed = match.methods.join(' or ')
    return invalid('method', `must be ${allowed} for this path, found ${raw.method.slice(0, 20)}`)
  }
  const { target } = match
  if (target.kind === 'unsupported') return unsupported(target.reason)
  if (target.kind === 'entity') return v2Operation(raw.body, raw.at)
  if (target.kind === 'batch') return normaliseBatch(raw)
  return v1Operation(target, raw, match.parameters)
}

function normaliseBatch({ body, at }: RawCall): Normalised {
  const { batch } = body
  if (!Array.isArray(batch)) return invalid(`${at}batch`, `must be an array, found ${describeJson(batch)}`)
  if (batch.length === 0) return invalid(`${at}batch`, 'must hold at least one operation')
  return batch.map((entity, index) => v2Operation(entity, `${at}batch[${index}].`))
}

function toOutcomes(
  operations: readonly (Operation | Fault)[],
  facts: RecordFacts,
  settings: MappingSettings,
  isAlone: boolean,
): readonly Outcome[] {
  const outcomes: Outcome[] = []
  let messageCount = 0
  for (const operation of operations) {
    const outcome = toOutcome(operation, settings, facts, isAlone ? firstIndexAlone(outcomes.length) : messageCount)
    if (outcome.outcome === 'translated') messageCount += outcome.messages.length
    outcomes.push(outcome)
  }
  return outcomes
}

function toOutcome(
  operation: Operation | Fault,
  settings: MappingSettings,
  facts: RecordFacts,
  firstIndex: number,
): Outcome {
  if (isFault(operation)) return operation
  // Nearly every operation is elementary.
  if (operation.relationships.length === 0) {
    const messages = [toMessage(operation, settings, facts, firstIndex)]
    return { outcome: 'translated', messages, parts: [operation], unsupported: nothing }
  }
  const parts = splitOperation(operation)
  const translated = parts.filter((part): part is ElementaryOperation => !isFault(part))
  const unsupportedParts = parts.filter((part): part is Unsupported => isFault(part))
  const [fault] = unsupportedParts
  if (translated.length === 0 && fault !== undefined) return fault
  const messages = translated.map((part, index) => toMessage(part, settings, facts, firstIndex + index))
  return { outcome: 'translated', messages, parts: translated, unsupported: unsupportedParts }
}

const nothing: readonly Unsupported[] = []
