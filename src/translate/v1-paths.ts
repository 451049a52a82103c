// Track v1: the table of paths (T; mapping.md, "v1 calls"). ":id" matches one segment. Where only PUT or POST is
// documented the other is accepted too; "/event" is "/events".
import type { Action } from './operation.ts'

export type PathTarget =
  | { readonly kind: 'person'; readonly action: Exclude<Action, 'merge' | 'event' | 'page' | 'screen'> }
  | { readonly kind: 'event' }
  | { readonly kind: 'anonymous-event' }
  | { readonly kind: 'merge' }
  | { readonly kind: 'metrics' }
  | { readonly kind: 'push-event' }
  | { readonly kind: 'entity' }
  | { readonly kind: 'batch' }
  | { readonly kind: 'unsupported'; readonly reason: string }

interface Row {
  readonly methods: readonly string[]
  readonly path: string
  readonly target: PathTarget
}

const write = ['PUT', 'POST']

const rows: readonly Row[] = [
  { methods: write, path: 'v1/customers/:id', target: { kind: 'person', action: 'identify' } },
  { methods: write, path: 'v1/identify/:id', target: { kind: 'person', action: 'identify' } }, // A
  { methods: ['DELETE'], path: 'v1/customers/:id', target: { kind: 'person', action: 'delete' } },
  { methods: write, path: 'v1/customers/:id/devices', target: { kind: 'person', action: 'add_device' } },
  { methods: ['DELETE'], path: 'v1/customers/:id/devices/:token', target: { kind: 'person', action: 'delete_device' } },
  { methods: write, path: 'v1/customers/:id/events', target: { kind: 'event' } },
  { methods: write, path: 'v1/customers/:id/event', target: { kind: 'event' } }, // A
  { methods: write, path: 'v1/events', target: { kind: 'anonymous-event' } },
  { methods: write, path: 'v1/event', target: { kind: 'anonymous-event' } },
  { methods: write, path: 'v1/customers/:id/suppress', target: { kind: 'person', action: 'suppress' } },
  { methods: write, path: 'v1/customers/:id/unsuppress', target: { kind: 'person', action: 'unsuppress' } },
  { methods: write, path: 'v1/merge_customers', target: { kind: 'merge' } },
  { methods: write, path: 'v1/metrics', target: { kind: 'metrics' } },
  { methods: write, path: 'v1/push/events', target: { kind: 'push-event' } },
  { methods: write, path: 'v1/push/event', target: { kind: 'push-event' } },
  { methods: write, path: 'v1/forms/:id/submit', target: { kind: 'unsupported', reason: 'form submission' } }, // A
  { methods: write, path: 'v1/segments/:id/add_customers', target: { kind: 'unsupported', reason: 'manual segment' } }, // A
  {
    methods: write,
    path: 'v1/segments/:id/remove_customers',
    target: { kind: 'unsupported', reason: 'manual segment' },
  }, // A
  { methods: write, path: 'unsubscribe/:id', target: { kind: 'unsupported', reason: 'custom unsubscribe' } }, // A
  { methods: ['GET'], path: 'v1/accounts/region', target: { kind: 'unsupported', reason: 'not a data call' } },
  { methods: ['GET'], path: 'auth', target: { kind: 'unsupported', reason: 'not a data call' } },
  { methods: write, path: 'v2/entity', target: { kind: 'entity' } },
  { methods: write, path: 'v2/batch', target: { kind: 'batch' } },
]

export interface PathMatch {
  readonly target: PathTarget
  /** What stood for ":id" and ":token", decoded. */
  readonly parameters: readonly string[]
}

// A path is looked up by its text with the parameters cut out: "v1/customers/:id/devices/:token" by the head
// "v1/customers/" and then by the tail "/devices/". A few comparisons for most calls, where to split a path into segments
// and to hold them against every row takes five times as long, and a Map must hash each fresh text first.
const headed: { head: string; tails: { tail: string; rows: Row[] }[] }[] = []
const plain = new Map<string, Row[]>()
for (const row of rows) {
  const [head = '', rest = ''] = row.path.split(':id')
  if (row.path === head) plain.set(head, [...(plain.get(head) ?? []), row])
  else addHeaded(row, head, rest.replace(':token', ''))
}

function addHeaded(row: Row, head: string, tail: string): void {
  const known = headed.find((one) => one.head === head) ?? { head, tails: [] }
  if (known.tails.length === 0) headed.push(known)
  const same = known.tails.find((one) => one.tail === tail)
  if (same === undefined) known.tails.push({ tail, rows: [row] })
  else same.rows.push(row)
}

const none: readonly string[] = []

/** The row for a call, the methods that the path allows, or nothing for an unknown path. `path`: as a RawCall has it. */
export function matchPath(
  method: string,
  path: string,
): PathMatch | { readonly methods: readonly string[] } | undefined {
  for (const known of headed) if (path.startsWith(known.head)) return matchTail(method, path, known)
  return choose(plain.get(path), method, none)
}

function matchTail(method: string, path: string, { head, tails }: (typeof headed)[number]) {
  const slash = path.indexOf('/', head.length)
  const idEnd = slash < 0 ? path.length : slash
  // Of "/devices/abc" the tail is "/devices/"; of "/devices" it is all.
  const token = path.indexOf('/', idEnd + 1) + 1
  const tailEnd = token === 0 ? path.length : token
  if (token > 0 && path.includes('/', token)) return undefined
  const id = decodeParameter(path.slice(head.length, idEnd))
  for (const { tail, rows: candidates } of tails)
    if (tail.length === tailEnd - idEnd && path.startsWith(tail, idEnd))
      return choose(candidates, method, token === 0 ? [id] : [id, decodeParameter(path.slice(token))])
  return undefined
}

function choose(candidates: readonly Row[] | undefined, method: string, parameters: readonly string[]) {
  if (candidates === undefined) return undefined
  for (const { methods, target } of candidates) if (methods.includes(method)) return { target, parameters }
  return { methods: candidates.flatMap((row) => row.methods) }
}

/** What must stay encoded while a path is one text. */
export function encodeParameter(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('/', '%2F')
}

function decodeParameter(text: string): string {
  return text.includes('%') ? text.replaceAll('%2F', '/').replaceAll('%25', '%') : text
}
