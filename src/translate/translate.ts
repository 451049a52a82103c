// One raw Track call in, one outcome per operation out: the folder's entry. Pure, deterministic, never throws.
//   raw call -> normalise (v1.ts, v2.ts) -> operation -> split.ts -> mapping-table.ts -> envelope.ts -> messages
import { describeJson } from '../json.ts'
import { toMessage, type RecordFacts } from './envelope.ts'
import { defaultMappingSettings, type MappingSettings } from './mapping-table.ts'
import type { Message } from './message.ts'
import type { ElementaryOperation, Operation } from './operation.ts'
import { invalid, isFault, unsupported, type Fault } from './fault.ts'
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
}

/** Value of a raw record -> its outcomes. Same record, same result, to the byte. */
export function translate(
  call: unknown,
  origin: Origin,
  settings: MappingSettings = defaultMappingSettings,
): Translation {
  const raw = readRawCall(call)
  if (isFault(raw)) return { outcome: raw.outcome, operations: [raw] }
  const facts = {
    identity: raw.id ?? `${origin.topic}:${origin.partition}:${origin.offset}`,
    receivedAtMs: raw.receivedAtMs ?? Math.min(Math.max(origin.timestampMs, 0), lastMs),
  }
  const operations = toOutcomes(normalise(raw), facts, settings)
  const outcome = operations.some((one) => one.outcome === 'translated')
    ? 'translated'
    : (operations[0]?.outcome ?? 'invalid')
  return raw.source === undefined ? { outcome, operations } : { outcome, operations, source: raw.source }
}

function normalise(raw: RawCall): readonly (Operation | Fault)[] {
  const match = matchPath(raw.method, raw.segments)
  if (match === undefined) return [invalid('path', 'is no path of the Track API')]
  if ('methods' in match)
    return [invalid('method', `must be ${match.methods.join(' or ')} for this path, found ${raw.method.slice(0, 20)}`)]
  const { target } = match
  if (target.kind === 'unsupported') return [unsupported(target.reason)]
  if (target.kind === 'entity') return [v2Operation(raw.body, raw.at)]
  if (target.kind === 'batch') return batchOperations(raw)
  return [v1Operation(target, raw, match.parameters)]
}

function batchOperations({ body, at }: RawCall): readonly (Operation | Fault)[] {
  const { batch } = body
  if (!Array.isArray(batch)) return [invalid(`${at}batch`, `must be an array, found ${describeJson(batch)}`)]
  if (batch.length === 0) return [invalid(`${at}batch`, 'must hold at least one operation')]
  return batch.map((entity, index) => v2Operation(entity, `${at}batch[${index}].`))
}

function toOutcomes(
  operations: readonly (Operation | Fault)[],
  facts: RecordFacts,
  settings: MappingSettings,
): readonly Outcome[] {
  const outcomes: Outcome[] = []
  let index = 0
  for (const operation of operations) {
    const messages: Message[] = []
    const parts: ElementaryOperation[] = []
    const faults: Fault[] = []
    for (const part of isFault(operation) ? [operation] : splitOperation(operation)) {
      if (isFault(part)) {
        faults.push(part)
        continue
      }
      messages.push(toMessage(part, settings, facts, index++))
      parts.push(part)
    }
    if (messages.length > 0) outcomes.push({ outcome: 'translated', messages, parts })
    outcomes.push(...faults)
  }
  return outcomes
}
