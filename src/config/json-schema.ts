// The configuration's schema as data: a JSON Schema for editors, and a flat list of every key for messages and docs.
// In: configSchema. Out: draft 2020-12. deploy/trackbridge.schema.json is written from it (scripts/generate-schema.ts).
import { z } from 'zod'
import { TrackbridgeError } from '../errors.ts'
import { configSchema } from './schema.ts'

/** The parts of a JSON Schema node that zod writes for our schema and that we read. */
export interface SchemaNode {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly pattern?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly items?: SchemaNode
  readonly required?: readonly string[]
  readonly anyOf?: readonly SchemaNode[]
  readonly oneOf?: readonly SchemaNode[]
}

/** One key that a file may hold. `path` as in `destinations[].sink.url`; `values` says what stands there. */
export interface ConfigKey {
  readonly path: string
  readonly description: string
  readonly required: boolean
  readonly node: SchemaNode
}

/** The schema of the file as it is written, before defaults and conversions. */
export function inputSchema(): SchemaNode {
  if (heldSchema) return heldSchema
  const schema: unknown = z.toJSONSchema(configSchema, { io: 'input' })
  if (!isNode(schema)) throw new TrackbridgeError('TB_BUG', 'the schema of the configuration is not an object')
  heldSchema = schema
  return schema
}

const isNode = (value: unknown): value is SchemaNode =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

let heldSchema: SchemaNode | undefined

/** Every key of the configuration in the order of the schema, groups before their members. */
export function configKeys(): readonly ConfigKey[] {
  if (heldKeys) return heldKeys
  const keys = new Map<string, ConfigKey>()
  collectKeys(inputSchema(), '', keys)
  heldKeys = [...keys.values()]
  return heldKeys
}

let heldKeys: readonly ConfigKey[] | undefined

function collectKeys(node: SchemaNode, path: string, keys: Map<string, ConfigKey>): void {
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    const childPath = path === '' ? name : `${path}.${name}`
    const known = keys.get(childPath)
    if (known) keys.set(childPath, { ...known, node: { anyOf: [known.node, child] } })
    else keys.set(childPath, { path: childPath, node: child, ...keyFacts(node, name, child) })
    collectKeys(child, childPath, keys)
  }
  if (node.items) collectKeys(node.items, `${path}[]`, keys)
  for (const option of alternatives(node)) collectKeys(option, path, keys)
}

function keyFacts(parent: SchemaNode, name: string, node: SchemaNode): Pick<ConfigKey, 'description' | 'required'> {
  return { description: node.description ?? '', required: parent.required?.includes(name) ?? false }
}

/** The members of a union, or nothing. */
export const alternatives = (node: SchemaNode): readonly SchemaNode[] => node.anyOf ?? node.oneOf ?? []

const placeholder = {
  type: 'string',
  pattern: String.raw`\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}`,
  description: 'from the environment',
}

/** The JSON Schema that editors check a file by: numbers, choices and patterns may also be `${ENV}` placeholders. */
export function editorSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input' })
  return {
    $schema,
    title: 'trackbridge configuration',
    description: 'trackbridge.yaml or the same as JSON. Written by scripts/generate-schema.ts; do not edit.',
    ...allowedInMembers(schema),
  }
}

const asItIs: ReadonlySet<string> = new Set(['default', '$defs'])

function allowPlaceholders(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(allowPlaceholders)
  if (!isNode(value)) return value
  if (!isConstrainedLeaf(value)) return allowedInMembers(value)
  const { description, default: defaultValue, ...rest } = value
  return {
    ...(description === undefined ? {} : { description }),
    ...(defaultValue === undefined ? {} : { default: defaultValue }),
    anyOf: [rest, placeholder],
  }
}

const allowedInMembers = (node: object): object =>
  Object.fromEntries(
    Object.entries(node).map(([key, child]) => [key, asItIs.has(key) ? child : allowPlaceholders(child)]),
  )

// Discriminators stay as they are: with a placeholder beside them, oneOf would match both alternatives.
function isConstrainedLeaf(node: SchemaNode): boolean {
  if (node.const !== undefined) return false
  if (node.type === 'integer' || node.type === 'number' || node.type === 'boolean') return true
  return node.type === 'string' && (node.enum !== undefined || node.pattern !== undefined)
}
