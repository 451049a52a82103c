// A raw call -> what it calls for, in the words of mapping.md ("person identify"), also where it is invalid. Pure.
import { isJsonObject, type JsonObject } from '../../json.ts'
import { isFault } from '../../translate/fault.ts'
import { readRawCall, type RawCall } from '../../translate/raw-call.ts'
import { matchPath } from '../../translate/v1-paths.ts'
import { v2Operation } from '../../translate/v2.ts'

export interface CalledOperation {
  /** e.g. "person add_relationships"; undefined where the call does not say. */
  readonly name: string | undefined
  /** The entity of a batch; undefined for a call that is one operation by itself. */
  readonly entity?: unknown
}

export interface Called {
  readonly raw: RawCall | undefined
  readonly isBatch: boolean
  /** Never empty. */
  readonly operations: readonly CalledOperation[]
}

const nothingSaid = [{ name: undefined }] as const

/** Never throws. As many operations as `translate` gives outcomes for the same record. */
export function calledOperations(record: unknown): Called {
  const raw = readRawCall(record)
  if (isFault(raw)) return { raw: undefined, isBatch: false, operations: nothingSaid }
  const match = matchPath(raw.method, raw.path)
  if (match === undefined || 'methods' in match) return { raw, isBatch: false, operations: nothingSaid }
  const { target } = match
  if (target.kind !== 'batch') return { raw, isBatch: false, operations: [{ name: nameOf(target, raw.body) }] }
  const { batch } = raw.body
  if (!Array.isArray(batch) || batch.length === 0) return { raw, isBatch: true, operations: nothingSaid }
  return { raw, isBatch: true, operations: batch.map((entity: unknown) => ({ name: entityName(entity), entity })) }
}

type Target = Exclude<Extract<ReturnType<typeof matchPath>, { target: unknown }>['target'], { kind: 'batch' }>

function nameOf(target: Target, body: JsonObject): string | undefined {
  switch (target.kind) {
    case 'person':
      return `person ${target.action}`
    case 'event':
    case 'anonymous-event':
      return `person ${body['type'] === 'page' || body['type'] === 'screen' ? body['type'] : 'event'}`
    case 'merge':
      return 'person merge'
    case 'metrics':
    case 'push-event':
      return 'delivery event'
    case 'entity':
      return entityName(body)
    case 'unsupported':
      return undefined
  }
}

/** The spelling of T where the operation is well-formed, else the call's own. */
function entityName(entity: unknown): string | undefined {
  const operation = v2Operation(entity, '')
  if (!isFault(operation)) return `${operation.type} ${operation.action}`
  if (!isJsonObject(entity)) return undefined
  const { type, action } = entity
  return typeof type === 'string' && typeof action === 'string' ? `${type} ${action}` : undefined
}
