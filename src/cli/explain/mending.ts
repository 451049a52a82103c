// What to mend in an invalid call: the fault of the translation and the record -> what was found in the field, what is
// allowed there, and an example. Pure. Ruled by mapping.md.
import { decodeJsonText, describeJson, isJsonObject, stringifyJson } from '../../json.ts'
import type { Invalid } from '../../translate/fault.ts'

export interface Mending {
  /** JSON text of what stands in the field, cut where it is long, e.g. `""`; "nothing" where it is absent; null where the
   *  record itself is no JSON. */
  readonly found: string | null
  /** e.g. `body.name must be a string that is not blank`. */
  readonly allowed: string
  /** How it is written well; null where `allowed` says it all. */
  readonly hint: string | null
}

/** Never throws. `record`: the raw record's value; undefined where it is no JSON. */
export function mendingOf({ field, reason }: Invalid, record: unknown): Mending {
  const [allowed = reason] = reason.split(', found ', 1)
  const value = field === 'record' || field === '' ? record : valueAt(record, field)
  return {
    found: record === undefined ? null : shown(value),
    allowed: `${field} ${allowed}`.trim(),
    hint: hints.find(({ fits }) => fits.test(`${field} ${reason}`))?.hint ?? null,
  }
}

const time = 'write Unix seconds (1692886462) or ISO 8601 ("2023-08-24T14:14:22Z"), or leave it out'
const httpCall = '{"method":"PUT","path":"/api/v1/customers/42","body":{"plan":"pro"}}'
const bodyExample = 'a body is a JSON object or its text; without one, leave it out'

// Tried in order, on "field reason".
const hints: readonly { readonly fits: RegExp; readonly hint: string }[] = [
  { fits: /is missing: looked for it in/, hint: 'write it there, or name another place in raw.call' },
  { fits: /^record is not valid UTF-8/, hint: 'write the file as UTF-8' },
  {
    fits: /^(record|path is missing: a raw)/,
    hint: `a raw record is an HTTP call as in ${httpCall}, or a v2 entity or batch`,
  },
  {
    fits: /^path is no path/,
    hint:
      'paths are /api/v1/customers/{id} with /devices, /events, /suppress or /unsuppress, /api/v1/events, ' +
      '/api/v1/merge_customers, /api/v1/metrics, /api/v1/push/events, /api/v2/entity and /api/v2/batch',
  },
  { fits: /^path cannot be percent-decoded/, hint: 'write "%" in an identifier as "%25"' },
  { fits: /^path has an empty/, hint: 'name the person in the path: /api/v1/customers/42' },
  { fits: /^(path|method) must/, hint: `a raw record is an HTTP call as in ${httpCall}` },
  { fits: /(timestamp|received_at) must/, hint: time },
  { fits: /^body (is|must)/, hint: bodyExample },
  {
    fits: /cio_relationships\S* must hold at least one/,
    hint: '"cio_relationships": [{"identifiers":{"object_type_id":"1","object_id":"acme"}}]',
  },
  {
    fits: /cio_relationships(\.action|\.relationships)? must/,
    hint:
      'v1: {"action":"add_relationships","relationships":[{"identifiers":{"object_type_id":"1","object_id":"acme"}}]}; ' +
      'v2: the array alone',
  },
  { fits: /object_(type_)?id must/, hint: '"identifiers": {"object_type_id":"1","object_id":"acme"}' },
  {
    fits: /(identifiers|primary|secondary)(\.\w+)? must/,
    hint: 'a person is named as in {"id":"42"}, {"email":"a@example.com"} or {"cio_id":"a3000001"}',
  },
  {
    fits: /device(\.\w+)? must/,
    hint: 'v1: {"id":"<token>","platform":"ios"}; v2: {"token":"<token>","platform":"ios"}',
  },
  { fits: /batch(\[\d+\])? must/, hint: '{"batch":[{"type":"person","action":"delete","identifiers":{"id":"42"}}]}' },
  {
    fits: /(type|action) must be a string/,
    hint: 'a v2 operation is told by both, as in "type":"person","action":"identify"',
  },
]

/** What stands at `body.batch[0].identifiers.id`; a body that is JSON text is looked into. */
function valueAt(record: unknown, field: string): unknown {
  let value = record
  for (const key of field.match(/[^.[\]]+/g) ?? []) {
    const holder = typeof value === 'string' ? parsed(value) : value
    if (Array.isArray(holder)) value = holder[Number(key)]
    else if (isJsonObject(holder) && Object.hasOwn(holder, key)) value = holder[key]
    else return undefined
  }
  return value
}

function parsed(text: string): unknown {
  const decoded = decodeJsonText(text)
  return decoded.ok ? decoded.value : undefined
}

const maxShown = 160

function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = stringifyJson(value)
  return text.length <= maxShown ? text : `${describeJson(value)}: ${text.slice(0, maxShown)}...`
}
