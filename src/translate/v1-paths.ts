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
  /** The segments that stood for ":id" and ":token". */
  readonly parameters: readonly string[]
}

// Rows by number of segments; null stands for a parameter. A scan of the whole table for each call would cost more than
// all the rest of the routing.
const rowsByLength = Map.groupBy(
  rows.map((row) => ({ ...row, pattern: row.path.split('/').map((part) => (part.startsWith(':') ? null : part)) })),
  ({ pattern }) => pattern.length,
)

/** The row for a call, the methods that the path allows, or nothing for an unknown path. */
export function matchPath(
  method: string,
  segments: readonly string[],
): PathMatch | { readonly methods: readonly string[] } | undefined {
  const candidates = rowsByLength.get(segments.length) ?? []
  for (const { methods, target, pattern } of candidates)
    if (fits(pattern, segments) && methods.includes(method))
      return { target, parameters: segments.filter((_, index) => pattern[index] === null) }
  const methods = candidates.filter(({ pattern }) => fits(pattern, segments)).flatMap((row) => row.methods)
  return methods.length === 0 ? undefined : { methods }
}

function fits(pattern: readonly (string | null)[], segments: readonly string[]): boolean {
  return pattern.every((part, index) => part === null || part === segments[index])
}
