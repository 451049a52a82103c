// What is wrong with a configuration, for the person who wrote it. In: zod's issues and the document they are about.
// Out: Fault values and their lines. Secrets never appear: keys that hold one and unknown keys show no value.
// Ruled by product.md, "Configuration": the key, what was found, what is allowed.
import leven from 'leven'
import type { z } from 'zod'
import { alternatives, configKeys, inputSchema, type SchemaNode } from './json-schema.ts'
import { isMapping, keyText, schemaKey, valueAt, type Path } from './paths.ts'

/** One fault, e.g. `{key: 'raw.format', found: '"xml"', allowed: 'auto or json'}`. `hint` is the key that was meant. */
export interface Fault {
  readonly key: string
  readonly found: string
  readonly allowed: string
  readonly hint?: string
}

/** One line: `kafka.broker: found an unknown key; did you mean kafka.brokers? Allowed: brokers, clientId`. */
export function faultLine(fault: Fault): string {
  const key = fault.key === '' ? 'the file' : fault.key
  return fault.hint === undefined
    ? `${key}: found ${fault.found}; allowed: ${fault.allowed}`
    : `${key}: found ${fault.found}; did you mean ${fault.hint}? Allowed: ${fault.allowed}`
}

/** What zod found, flattened out of unions, in our words. Expects the issues of a parse with `silentMessages`. */
export function issueFaults(
  issues: readonly z.core.$ZodIssue[],
  document: unknown,
  origins: Origins,
): readonly Fault[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'invalid_union') return unionFaults(issue, document, origins)
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKeyFault(issue.path, key, document))
    return [valueFault(issue, document, origins)]
  })
}

/** Where values came from: key text to the text before `${ENV}` was filled in. */
export type Origins = ReadonlyMap<string, string>

/** Leaves a message only where the schema itself says what is allowed; all others are described from its bounds. */
export const silentMessages = { error: () => '' } as const

type UnionIssue = z.core.$ZodIssue & { code: 'invalid_union' }

// The alternative that the value was meant for is the one whose own type fits: its faults say more than the union's.
function unionFaults(issue: UnionIssue, document: unknown, origins: Origins): readonly Fault[] {
  const meant = issue.errors.filter((option) => option.every((inner) => inner.path.length > 0 || !isTypeIssue(inner)))
  const option = meant[0]
  if (option === undefined || meant.length > 1) return [valueFault(issue, document, origins)]
  const nested = option.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }))
  return issueFaults(nested, document, origins)
}

const isTypeIssue = (issue: z.core.$ZodIssue) => issue.code === 'invalid_type' || issue.code === 'invalid_value'

function valueFault(issue: z.core.$ZodIssue, document: unknown, origins: Origins): Fault {
  const path: Path = issue.path
  const allowed = issue.message === '' ? describeAll(nodesAt(path, document)) : issue.message
  const quotes =
    typeof valueAt(document, path) === 'number' && allowed === nonEmptyText ? '; a number needs quotes here' : ''
  return { key: keyText(path), found: foundText(path, document, origins), allowed: `${allowed}${quotes}` }
}

const secretKeys: ReadonlySet<string> = new Set([
  'apiKey',
  'password',
  'passphrase',
  'token',
  'clientSecret',
  'headers',
])

/** What stands at `path`, in words that are safe to print: `"abc"`, `8080`, `nothing`, `a list`. */
function foundText(path: Path, document: unknown, origins: Origins): string {
  const value = valueAt(document, path)
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'object') return 'a mapping'
  const origin = origins.get(keyText(path))
  const source = origin === undefined ? '' : ` (from ${placeholdersOf(origin)})`
  // A file that is one text is not a configuration, but it may be a secret.
  if (path.length === 0) return kindOf(value)
  if (
    path.at(-1) === 'sasl' ||
    path.at(-1) === 'auth' ||
    path.some((key) => secretKeys.has(String(key))) ||
    isPem(path)
  )
    return `${kindOf(value)} that is not shown${source}`
  return `${shown(value)}${source}`
}

const isPem = (path: Path) => path.at(-2) === 'ssl' && path.at(-1) !== 'serverName'

const placeholdersOf = (origin: string) =>
  [...origin.matchAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)/g)].map((match) => `\${${match[1]}}`).join(', ')

const kindOf = (value: unknown) =>
  typeof value === 'string' ? (value === '' ? 'an empty text' : 'a text') : `a ${typeof value}`

function shown(value: unknown): string {
  if (typeof value !== 'string') return String(value)
  const safe = value.replace(/\/\/[^/]*@/, '//***@')
  return JSON.stringify(safe.length > 80 ? `${safe.slice(0, 80)}...` : safe)
}

function unknownKeyFault(parent: Path, name: string, document: unknown): Fault {
  const key = keyText([...parent, name])
  const siblings = nodesAt(parent, document).flatMap((node) => Object.keys(node.properties ?? {}))
  const hint = nearest(name, siblings)
  const meant = hint === undefined ? elsewhere(name, parent) : keyText([...parent, hint])
  const fault = { key, found: 'an unknown key', allowed: siblings.join(', ') }
  return meant === undefined || meant === key ? fault : { ...fault, hint: meant }
}

function nearest(name: string, known: readonly string[]): string | undefined {
  const farthest = name.length < 4 ? 1 : Math.max(2, Math.floor(name.length / 3))
  const byDistance = known
    .map((key) => ({ key, distance: leven(key.toLowerCase(), name.toLowerCase()) }))
    .filter(({ distance }) => distance <= farthest)
    .sort((a, b) => a.distance - b.distance)
  return byDistance[0]?.key
}

// A known key at the wrong level: the one below the same parent comes first.
function elsewhere(name: string, parent: Path): string | undefined {
  const same = configKeys()
    .map(({ path }) => path)
    .filter((path) => path.slice(path.lastIndexOf('.') + 1).toLowerCase() === name.toLowerCase())
  const here = schemaKey(parent)
  const found = same.find((path) => path.startsWith(`${here}.`)) ?? same[0]
  return found?.startsWith(`${here}.`) === true ? keyText(parent) + found.slice(here.length) : found
}

function nodesAt(path: Path, document: unknown): readonly SchemaNode[] {
  let nodes = fitting(inputSchema(), document)
  path.forEach((key, depth) => {
    const value = valueAt(document, path.slice(0, depth + 1))
    const below = nodes.flatMap((node) => (typeof key === 'number' ? node.items : node.properties?.[String(key)]) ?? [])
    nodes = below.flatMap((node) => (depth === path.length - 1 && !isMapping(value) ? [node] : fitting(node, value)))
  })
  return nodes
}

// Of alternatives told apart by a fixed value (sasl by its mechanism), the one that the document chose.
function fitting(node: SchemaNode, value: unknown): readonly SchemaNode[] {
  const options = alternatives(node)
  if (options.length === 0) return [node]
  const chosen = options.filter((option) =>
    Object.entries(option.properties ?? {}).every(([key, child]) => {
      const fixed = fixedValues(child)
      return fixed === undefined || !isMapping(value) || fixed.includes(value[key])
    }),
  )
  return chosen.length === 0 ? options : chosen
}

const fixedValues = (node: SchemaNode) => node.enum ?? (node.const === undefined ? undefined : [node.const])

const nonEmptyText = 'text that is not empty'

function describeAll(options: readonly SchemaNode[]): string {
  const fixed = options.flatMap((option) => fixedValues(option) ?? [])
  const others = options.filter((option) => fixedValues(option) === undefined).map(describeAllowed)
  return listed([...new Set([...fixed.map(String), ...others])])
}

function describeAllowed(node: SchemaNode): string {
  const options = alternatives(node)
  if (options.length > 0) return describeAll(options)
  const fixed = fixedValues(node)
  if (fixed) return listed(fixed.map(String))
  switch (node.type) {
    case 'integer':
      return wholeNumberText(node)
    case 'boolean':
      return 'true or false'
    case 'array':
      return 'a list with at least one entry'
    case 'object':
      return node.properties ? `a mapping with ${Object.keys(node.properties).join(', ')}` : 'a mapping'
    default:
      return nonEmptyText
  }
}

const listed = (words: readonly string[]) =>
  words.length === 1 ? String(words[0]) : `${words.slice(0, -1).join(', ')} or ${String(words.at(-1))}`

function wholeNumberText({ minimum, maximum }: SchemaNode): string {
  const unbounded = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER
  return unbounded ? `a whole number, ${minimum} or more` : `a whole number from ${minimum} to ${maximum}`
}
