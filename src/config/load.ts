// The configuration file -> Config, or every fault at once. The only reader of process.env.
//
//   file -> YAML -> ${ENV} filled in -> paths of files made absolute -> schema, cross checks, files -> Config
//
// Ruled by product.md, "Configuration".
import { dirname, resolve } from 'node:path'
import { LineCounter, parseDocument } from 'yaml'
import { TrackbridgeError } from '../errors.ts'
import { crossFaults } from './cross-checks.ts'
import { faultLine, issueFaults, silentMessages, type Fault } from './faults.ts'
import { interpolate, type Environment } from './interpolate.ts'
import { configKeys } from './json-schema.ts'
import { keyText, mapLeaves, schemaKey } from './paths.ts'
import { configSchema, type Config } from './schema.ts'
import { readTextFile } from './text-file.ts'
import { nameTopics } from './topic-names.ts'

export interface LoadOptions {
  /** The --config option. Absent: TRACKBRIDGE_CONFIG, else ./trackbridge.yaml. */
  readonly path?: string | undefined
  readonly env?: Environment
  readonly cwd?: string
}

/** The process's environment, for those who start other programs. */
export const environment = (): Environment => process.env

/** Where the configuration is read from, absolute. */
export function configPath(options: LoadOptions = {}): string {
  return namedConfigPath(options) ?? resolve(options.cwd ?? process.cwd(), 'trackbridge.yaml')
}

/** The same for commands that need none: undefined unless --config or TRACKBRIDGE_CONFIG names a file. */
export function namedConfigPath({ path, env = process.env, cwd = process.cwd() }: LoadOptions = {}):
  string | undefined {
  const named = path ?? env['TRACKBRIDGE_CONFIG']
  return named === undefined || named === '' ? undefined : resolve(cwd, named)
}

/**
 * Reads and validates the configuration. Throws TB_CONFIG_UNREADABLE when there is no file or it is not YAML or JSON
 * (with line and column), TB_CONFIG_INVALID with every fault, one a line. Secrets never appear in either.
 */
export function loadConfig(options: LoadOptions = {}): Config {
  const path = configPath(options)
  return parseConfig(readConfigFile(path), { path, env: options.env ?? process.env })
}

/** The same for the text of a file; `path` names it in messages, and files it names are relative to its directory. */
export function parseConfig(text: string, { path, env }: { path: string; env: Environment }): Config {
  const { document: filled, origins, faults: missing } = interpolate(parseYaml(text, path), env)
  const files: NamedFile[] = []
  const document = nameTopics(resolveFiles(filled, dirname(path), files))
  const parsed = configSchema.safeParse(document, silentMessages)
  const faults = [
    ...missing,
    ...(parsed.success ? [] : issueFaults(parsed.error.issues, document, origins)),
    ...crossFaults(document),
    ...fileFaults(files),
  ].filter((fault, index, all) => all.findIndex(({ key }) => key === fault.key) === index)
  if (parsed.success && faults.length === 0) return parsed.data
  throw invalid(path, faults)
}

function invalid(path: string, faults: readonly Fault[]): TrackbridgeError {
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`
  const lines = faults.map((fault) => `\n  ${faultLine(fault)}`)
  return new TrackbridgeError('TB_CONFIG_INVALID', `${count} in ${path}${lines.join('')}`, { context: { path } })
}

function readConfigFile(path: string): string {
  const read = readTextFile(path)
  if ('text' in read) return read.text
  const where = 'name the file with --config FILE or TRACKBRIDGE_CONFIG, or put trackbridge.yaml in this directory'
  throw new TrackbridgeError('TB_CONFIG_UNREADABLE', `${path} ${read.why}; ${where}`, { context: { path } })
}

function parseYaml(text: string, path: string): unknown {
  const lines = new LineCounter()
  // prettyErrors would print the line itself, which may hold a secret.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true })
  const errors = document.errors.map((error) => {
    const { line, col } = lines.linePos(error.pos[0])
    return `\n  line ${line}, column ${col}: ${error.message}`
  })
  if (errors.length > 0) throw unreadable(path, errors.join(''))
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 })
    return value
  } catch (error) {
    throw unreadable(path, `\n  ${error instanceof Error ? error.message : String(error)}`)
  }
}

const unreadable = (path: string, why: string) =>
  new TrackbridgeError('TB_CONFIG_UNREADABLE', `${path} is neither YAML nor JSON${why}`, { context: { path } })

interface NamedFile {
  readonly key: string
  /** As it was written. */
  readonly name: string
  readonly path: string
}

function resolveFiles(document: unknown, directory: string, files: NamedFile[]): unknown {
  const known = new Set(configKeys().flatMap(({ path }) => (path.endsWith('File') ? [path] : [])))
  return mapLeaves(document, (leaf, path) => {
    if (typeof leaf !== 'string' || leaf === '' || leaf.includes('${') || !known.has(schemaKey(path))) return leaf
    const file = { key: keyText(path), name: leaf, path: resolve(directory, leaf) }
    files.push(file)
    return file.path
  })
}

function fileFaults(files: readonly NamedFile[]): readonly Fault[] {
  return files.flatMap(({ key, name, path }) => {
    const read = readTextFile(path)
    if ('text' in read) return []
    return [
      {
        key,
        found: `${shownName(name, path)}, which ${read.why}`,
        allowed: 'a file that can be read and is not empty',
      },
    ]
  })
}

// Whoever writes a key where its file should be named must not find it in a log.
const shownName = (name: string, path: string) =>
  /^(?:\.{0,2}\/|[A-Za-z]:[\\/])\S*$|^[\w.-]+(?:\/[\w.-]+)*\.\w{1,6}$/.test(name) ? path : 'a text that is not shown'
