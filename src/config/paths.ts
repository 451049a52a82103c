// Paths into a parsed configuration: `['destinations', 0, 'sink']`, written `destinations[0].sink`.

export type Path = readonly PropertyKey[]

/** A YAML or JSON mapping. */
export const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** How a path is written for people: `destinations[0].sink.apiKey`; the whole document is `''`. */
export const keyText = (path: Path): string =>
  path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    if (key === '[]') return `${text}[]`
    return text === '' ? String(key) : `${text}.${String(key)}`
  }, '')

/** The path of the schema's key that rules a path of the document: `destinations[].sink.apiKey`. */
export const schemaKey = (path: Path): string => keyText(path.map((key) => (typeof key === 'number' ? '[]' : key)))

/** What stands at a path; undefined where there is nothing. */
export function valueAt(document: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => {
    if (Array.isArray(value)) return typeof key === 'number' ? (value as readonly unknown[])[key] : undefined
    return isMapping(value) && Object.hasOwn(value, key) ? value[String(key)] : undefined
  }, document)
}

/** The same document with every text, number and other leaf replaced by what `change` returns; undefined leaves it out. */
export function mapLeaves(value: unknown, change: (leaf: unknown, path: Path) => unknown, path: Path = []): unknown {
  if (Array.isArray(value)) return value.map((entry, index) => mapLeaves(entry, change, [...path, index]))
  if (!isMapping(value)) return change(value, path)
  const entries = Object.entries(value).map(([key, entry]) => [key, mapLeaves(entry, change, [...path, key])] as const)
  return Object.fromEntries(entries.filter(([, entry]) => entry !== undefined))
}
