// The HTTP call as it was made -> its parts, checked (mapping.md, "Raw calls"). Also a bare v2 entity or batch, which
// describes itself.
import { describeJson } from '../json.ts'
import { isCallObject, noAttributes, type CallObject } from './call-object.ts'
import { decodeCallText } from './call-text.ts'
import { invalid, isFault, type Fault } from './fault.ts'
import { readTime } from './timestamps.ts'
import { encodeParameter } from './v1-paths.ts'
import { idText } from './values.ts'

/** `at` is put before the names of faulty fields: "body." for an HTTP call, "" for a bare v2 body. */
export interface RawCall {
  readonly id?: string | undefined
  readonly source?: string | undefined
  readonly method: string
  /** Below the root, e.g. "v1/customers/42"; percent-decoded but for %2F and %25. */
  readonly path: string
  readonly body: CallObject
  readonly at: string
  readonly receivedAtMs?: number | undefined
}

/** Value of a raw record -> its parts. Example: `{"method":"PUT","path":"/api/v1/customers/42","body":{"plan":"pro"}}`. */
export function readRawCall(value: unknown): RawCall | Fault {
  if (!isCallObject(value)) return invalid('record', `must be an object, found ${describeJson(value)}`)
  if (value.path !== undefined || value.method !== undefined) return readHttpCall(value)
  if (value.batch !== undefined) return { method: 'POST', path: 'v2/batch', body: value, at: '' }
  if (value.type !== undefined || value.action !== undefined)
    return { method: 'POST', path: 'v2/entity', body: value, at: '' }
  return invalid('path', 'is missing: a raw record has method and path, or is a v2 entity or batch')
}

// Compared and not looked up: to look up a fresh string V8 must hash it first.
function readMethod(method: string): string {
  if (method === 'POST') return 'POST'
  if (method === 'PUT') return 'PUT'
  return method.trim().toUpperCase()
}

function readHttpCall(value: CallObject): RawCall | Fault {
  const id = readLabel(value.id, 'id')
  const source = readLabel(value.source, 'source')
  const path = readPath(value.path)
  const body = readBody(value.body)
  const receivedAtMs = readTime(value.received_at, 'received_at')
  if (typeof value.method !== 'string')
    return invalid('method', `must be a string, found ${describeJson(value.method)}`)
  if (isFault(id)) return id
  if (isFault(source)) return source
  if (isFault(path)) return path
  if (isFault(body)) return body
  if (isFault(receivedAtMs)) return receivedAtMs
  return { id, source, method: readMethod(value.method), path, body, at: 'body.', receivedAtMs }
}

function readLabel(value: unknown, field: string): string | undefined | Fault {
  if (value === undefined || value === null || value === '') return undefined
  return idText(value) ?? invalid(field, `must be a string, found ${describeJson(value)}`)
}

const schemeAndHost = /^(?:[a-z][a-z0-9+.-]*:)?\/\/[^/?#]*/i
const bareHost = /^[^/?#]*[.:][^/?#]*(?=\/)/

// Nearly every path is plain: "/api/v1/customers/42". A loop, for it takes half the time of a regular expression.
function isPlain(path: string): boolean {
  if (!path.startsWith('/') || path.startsWith('//')) return false
  const { length } = path
  for (let at = 0; at < length; at++) {
    const unit = path.charCodeAt(at)
    // Blanks, "#", "?", and what may be a blank beyond ASCII.
    if (unit <= 0x23 || unit === 0x3f || unit > 0x7e) return false
  }
  return true
}

function readPath(value: unknown): string | Fault {
  if (typeof value !== 'string') return invalid('path', `must be a string, found ${describeJson(value)}`)
  const path = isPlain(value)
    ? value
    : value
        .trim()
        .replace(schemeAndHost, '')
        .replace(bareHost, '')
        .replace(/[?#].*$/s, '')
  try {
    return path.includes('%') ? decodePath(belowRoot(path)) : belowRoot(path)
  } catch {
    return invalid('path', 'cannot be percent-decoded')
  }
}

function decodePath(path: string): string {
  if (!/%2f|%25/i.test(path)) return decodeURIComponent(path)
  return path.split('/').map(decodeSegment).join('/')
}

function decodeSegment(segment: string): string {
  return encodeParameter(decodeURIComponent(segment))
}

function belowRoot(path: string): string {
  const start = path.startsWith('/') ? 1 : 0
  let end = path.length
  while (end > start && path.endsWith('/', end)) end--
  return path.slice(path.startsWith('api/', start) ? start + 4 : start, end)
}

function readBody(value: unknown): CallObject | Fault {
  if (value === undefined || value === null) return noAttributes
  if (isCallObject(value)) return value
  if (typeof value !== 'string') return invalid('body', `must be an object or JSON text, found ${describeJson(value)}`)
  if (value.trim() === '') return noAttributes
  const decoded = decodeCallText(value)
  if (!decoded.ok) return invalid('body', decoded.reason)
  if (decoded.value === null) return noAttributes
  if (isCallObject(decoded.value)) return decoded.value
  return invalid('body', `must be an object, found ${describeJson(decoded.value)}`)
}
