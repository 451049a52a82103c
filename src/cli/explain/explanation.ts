// All that `trackbridge explain` says of one call, as facts: operations, rows of the mapping table, messages, where each
// goes and why, sizes against limits, what is set aside. In: the decoded call and settings. Out: an Explanation, printed
// as JSON or rendered by explanation-text.ts. Pure. Ruled by product.md, "Commands", and mapping.md.
import { isJsonObject, stringifyJson, type JsonObject } from '../../json.ts'
import type { Invalid } from '../../translate/fault.ts'
import { mappingRow, rowName } from '../../translate/mapping-table.ts'
import type { Outcome, Translation } from '../../translate/outcome.ts'
import { toIso } from '../../translate/timestamps.ts'
import { translate, type Origin } from '../../translate/translate.ts'
import { calledOperations, type Called, type CalledOperation } from './called-operations.ts'
import type { ExplainSettings } from './explain-settings.ts'
import type { FoundPart } from './found-parts.ts'
import { mendingOf, type Mending } from './mending.ts'
import { explainMessage, type MessageFacts, type MessagePart } from './explained-message.ts'
import { faultOf, type LineCall } from '../record-line.ts'

/** Track's limits (T, "v2 API Limits"); KB = 1,000 bytes, as in sink.md. Told, not enforced. */
const trackLimits = { callBytes: 32_000, batchBytes: 500_000 } as const

export interface Size {
  readonly bytes: number
  readonly limitBytes: number
}

export interface CallFacts {
  /** As they were given; null in a bare v2 body. */
  readonly method: string | null
  readonly path: string | null
  readonly id: string | null
  readonly source: string | null
  /** ISO 8601; null where it cannot be read. */
  readonly receivedAt: string | null
  /** True when the call itself has a received_at. */
  readonly hasReceivedAt: boolean
  readonly isBatch: boolean
  /** Of the body as JSON, in bytes of UTF-8. */
  readonly bodySize: Size
}

export interface OperationFacts {
  /** In the words of mapping.md, e.g. "person add_relationships"; null where the call does not say. */
  readonly operation: string | null
  readonly outcome: Outcome['outcome']
  /** In a batch, where each operation has a limit of its own. */
  readonly size: Size | null
  /** Rows of the mapping table, one a message: how the operation was split, e.g. `["person identify", "relationship add"]`. */
  readonly split: readonly string[]
  /** Numbers of its messages. */
  readonly messages: readonly number[]
  /** What of it Pipelines has no counterpart for. */
  readonly unsupported: readonly string[]
  readonly fault: (Pick<Invalid, 'field' | 'reason'> & Mending) | null
}

/** A record on the topic of dead letters or of unsupported calls; of each at most one for a call. */
export interface SetAside {
  readonly to: 'dead letters' | 'unsupported'
  readonly topic: string
  /** As in the record, e.g. "invalid", "unreadable", "form submission". */
  readonly reason: string
}

export interface Explanation {
  readonly outcome: Outcome['outcome']
  /** Null where the input is no JSON object. */
  readonly call: CallFacts | null
  readonly operations: readonly OperationFacts[]
  readonly messages: readonly MessageFacts[]
  readonly setAside: readonly SetAside[]
  /** Where each part of the call was found; absent for our own raw record, whose fields they are. */
  readonly found?: readonly FoundPart[]
  /** False without a configuration: then nothing is said of destinations, and sizes are held against the defaults. */
  readonly hasConfig: boolean
}

/** Never throws. The same outcomes and messages as `translate` gives for the record at this origin. */
export function explain(decoded: LineCall, origin: Origin, settings: ExplainSettings): Explanation {
  const hasConfig = settings.destinations !== undefined
  if (!decoded.ok) {
    const fault = operationFacts(faultOf(decoded), { name: undefined }, undefined)
    const reason = 'fault' in decoded ? 'invalid' : 'unreadable'
    const setAside: SetAside = { to: 'dead letters', topic: settings.deadLetterTopic, reason }
    return { outcome: 'invalid', call: null, operations: [fault], messages: [], setAside: [setAside], hasConfig }
  }
  const record = decoded.value
  const called = calledOperations(record)
  const translation = translate(record, origin, settings.mapping)
  const parts = translation.operations.map((outcome) => partsOf(outcome, settings))
  const messages = parts.flat().map((part, index) => explainMessage(part, index + 1, translation.source, settings))
  let first = 1
  const operations = translation.operations.map((outcome, index) => {
    const facts = operationFacts(outcome, called.operations[index] ?? { name: undefined }, record)
    const rows = (parts[index] ?? []).map(({ row }) => row.name)
    const numbers = rows.map(() => first++)
    return { ...facts, split: rows, messages: numbers }
  })
  const setAside = setAsideOf(translation, settings)
  return {
    outcome: translation.outcome,
    call: callFacts(record, called, origin),
    operations,
    messages,
    setAside,
    hasConfig,
  }
}

function partsOf(outcome: Outcome, { mapping }: ExplainSettings): readonly MessagePart[] {
  if (outcome.outcome !== 'translated') return []
  return outcome.parts.flatMap((part, index) => {
    const message = outcome.messages[index]
    const { source } = mappingRow(part, mapping)
    return message === undefined ? [] : [{ message, row: { name: rowName(part, mapping), source } }]
  })
}

function operationFacts(outcome: Outcome, { name, entity }: CalledOperation, record: unknown): OperationFacts {
  return {
    operation: name ?? null,
    outcome: outcome.outcome,
    size: entity === undefined ? null : { bytes: bytesOf(entity), limitBytes: trackLimits.callBytes },
    split: [],
    messages: [],
    unsupported: unsupportedOf(outcome),
    fault:
      outcome.outcome === 'invalid'
        ? { field: outcome.field, reason: outcome.reason, ...mendingOf(outcome, record) }
        : null,
  }
}

function unsupportedOf(outcome: Outcome): readonly string[] {
  if (outcome.outcome === 'unsupported') return [outcome.reason]
  return outcome.outcome === 'translated' ? outcome.unsupported.map(({ reason }) => reason) : []
}

function setAsideOf({ operations }: Translation, settings: ExplainSettings): readonly SetAside[] {
  const [unsupported] = operations.flatMap(unsupportedOf)
  const isInvalid = operations.some(({ outcome }) => outcome === 'invalid')
  return [
    ...(unsupported === undefined
      ? []
      : [{ to: 'unsupported', topic: settings.unsupportedTopic, reason: unsupported } as const]),
    ...(isInvalid ? [{ to: 'dead letters', topic: settings.deadLetterTopic, reason: 'invalid' } as const] : []),
  ]
}

function callFacts(record: unknown, { raw, isBatch }: Called, { timestampMs }: Origin): CallFacts | null {
  if (!isJsonObject(record)) return null
  const receivedAtMs = raw === undefined ? undefined : (raw.receivedAtMs ?? timestampMs)
  const { method, path, bytes } = requestOf(record)
  return {
    method,
    path,
    id: raw?.id ?? null,
    source: raw?.source ?? null,
    receivedAt: receivedAtMs === undefined ? null : toIso(receivedAtMs),
    hasReceivedAt: raw?.receivedAtMs !== undefined,
    isBatch,
    bodySize: { bytes, limitBytes: isBatch ? trackLimits.batchBytes : trackLimits.callBytes },
  }
}

function requestOf(record: JsonObject) {
  const { method, path, body } = record
  return method === undefined && path === undefined
    ? { method: null, path: null, bytes: bytesOf(record) }
    : { method: textOrNull(method), path: textOrNull(path), bytes: bodyBytes(body) }
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null)

// A body that was kept as text is measured as it was sent.
function bodyBytes(body: unknown): number {
  if (body === undefined || body === null) return 0
  return typeof body === 'string' ? Buffer.byteLength(body) : bytesOf(body)
}

const bytesOf = (value: unknown): number => Buffer.byteLength(stringifyJson(value))
