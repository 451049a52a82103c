// ${ENV} and ${ENV:-default} inside the texts of a configuration. In: the parsed file and the environment. Out: the same
// document filled in, where each filled-in text came from, and a fault for every variable that is missing.
// `$${` stands for a plain `${`. Ruled by product.md, "Configuration".
import type { Fault } from './faults.ts'
import { configKeys, alternatives, type SchemaNode } from './json-schema.ts'
import { keyText, mapLeaves, schemaKey } from './paths.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Interpolated {
  readonly document: unknown
  /** Key to the text before it was filled in, e.g. `'http.port' -> '${PORT}'`. */
  readonly origins: ReadonlyMap<string, string>
  readonly faults: readonly Fault[]
}

const anyPlaceholder = /\$\$\{|\$\{(?<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?<fallback>[^}]*))?\}|\$\{/g

/**
 * Fills in every text. A default counts when the variable is absent or empty. A text that becomes empty leaves its key
 * out. Where the schema wants a number or a boolean, `"8080"` and `"true"` from the environment become one.
 */
export function interpolate(document: unknown, env: Environment): Interpolated {
  const origins = new Map<string, string>()
  const faults: Fault[] = []
  const kinds = new Map(configKeys().map(({ path, node }) => [path, leafTypes(node)]))
  const filled = mapLeaves(document, (leaf, path) => {
    if (typeof leaf !== 'string' || !leaf.includes('${')) return leaf
    const key = keyText(path)
    origins.set(key, leaf)
    const text = fillIn(leaf, env, (found, allowed) => faults.push({ key, found, allowed }))
    return text === '' ? undefined : typed(text, kinds.get(schemaKey(path)))
  })
  return { document: filled, origins, faults }
}

function fillIn(text: string, env: Environment, fault: (found: string, allowed: string) => void): string {
  return text.replace(anyPlaceholder, (match: string, name?: string, fallback?: string) => {
    if (match === '$${') return '${'
    if (name === undefined) {
      fault('a "${" that is not ${NAME} or ${NAME:-default}', '${NAME}, ${NAME:-default}, or $${ for a plain ${')
      return match
    }
    const value = env[name]
    if (fallback !== undefined) return value === undefined || value === '' ? fallback : value
    if (value === undefined)
      fault(`\${${name}}, which is not set`, `an environment variable ${name}, or \${${name}:-default}`)
    return value ?? match
  })
}

function leafTypes(node: SchemaNode): ReadonlySet<string> {
  const own = node.type === undefined ? [] : [node.type]
  return new Set([...own, ...alternatives(node).flatMap((option) => [...leafTypes(option)])])
}

function typed(text: string, types: ReadonlySet<string> | undefined): string | number | boolean {
  if (types === undefined || types.has('string')) return text
  if (types.has('integer') && /^-?\d+$/.test(text)) return Number(text)
  if (types.has('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  return text
}
