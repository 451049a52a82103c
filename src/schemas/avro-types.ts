// An Avro schema -> a reader of its values as JSON: compiled once for each schema id, then run for each record. In: JSON of
// the schema as its writer registered it. Out: closures that read or skip. Pure. Ruled by the Avro 1.12 specification.
//
//   int, long: numbers with every digit; float, double: numbers; string, enum: text; array; map, record: objects; union:
//   the value of its branch, without a wrapper; fixed: base64; bytes: text where they are UTF-8, else base64 (topics of
//   logged HTTP calls hold bodies as bytes). Logical types: logical-types.ts.
import { isJsonObject, isUtf8, stringifyJson } from '../json.ts'
import {
  eachItem,
  enter,
  readByte,
  readFloat,
  readLength,
  readLong,
  readText,
  skipBytes,
  type Tap,
} from './avro-bytes.ts'
import { logicalReader, type Read } from './logical-types.ts'

/** How values of one type are read, and skipped where nobody wants them. */
export interface AvroType {
  readonly read: Read
  readonly skip: (tap: Tap) => void
  /** What it is, e.g. `string` or `record`. */
  readonly kind: string
  /** Of a record: its fields in the order in which they stand in a value. */
  readonly fields?: readonly AvroField[]
  /** Of a record, enum or fixed: e.g. `trackbridge.v1.TrackCall`. */
  readonly fullName?: string
  /** Of a union. */
  readonly branches?: readonly AvroType[]
}

export interface AvroField {
  readonly name: string
  readonly type: AvroType
}

interface Scope {
  readonly named: Map<string, AvroType>
  readonly namespace: string
}

/** `parts`: schemas whose names it may use, each behind those that it uses itself. Throws SyntaxError, whose message says
 *  what is wrong with the schema. */
export function compileSchema(schema: unknown, parts: readonly unknown[] = []): AvroType {
  const scope = { named: new Map<string, AvroType>(), namespace: '' }
  for (const part of parts) compile(part, scope)
  return compile(schema, scope)
}

const skipLong = (tap: Tap): void => {
  while (readByte(tap) >= 0x80);
}
const skipSized = (tap: Tap): void => void skipBytes(tap, readLength(tap))

const primitive = (kind: string, read: Read, skip: (tap: Tap) => void): AvroType => ({ kind, read, skip })

const primitives: Readonly<Record<string, AvroType>> = Object.fromEntries(
  [
    primitive(
      'null',
      () => null,
      () => undefined,
    ),
    primitive('boolean', readBoolean, readBoolean),
    primitive('int', readLong, skipLong),
    primitive('long', readLong, skipLong),
    primitive(
      'float',
      (tap) => readFloat(tap, 4),
      (tap) => void skipBytes(tap, 4),
    ),
    primitive(
      'double',
      (tap) => readFloat(tap, 8),
      (tap) => void skipBytes(tap, 8),
    ),
    primitive('bytes', (tap) => bytesText(tap, readLength(tap)), skipSized),
    primitive('string', readText, skipSized),
  ].map((type) => [type.kind, type]),
)

function readBoolean(tap: Tap): boolean {
  const byte = readByte(tap)
  if (byte > 1) throw new RangeError('a boolean in the value is neither true nor false')
  return byte === 1
}

function bytesText(tap: Tap, length: number): string {
  const start = skipBytes(tap, length)
  const bytes = tap.bytes.subarray(start, tap.at)
  return isUtf8(bytes) ? bytes.toString('utf8') : bytes.toString('base64')
}

function compile(schema: unknown, scope: Scope): AvroType {
  if (typeof schema === 'string') return resolve(schema, scope)
  if (Array.isArray(schema)) return union(schema.map((branch) => compile(branch, scope)))
  if (!isJsonObject(schema)) throw new SyntaxError(`${shown(schema)} is no Avro type`)
  const { type } = schema
  if (typeof type !== 'string') return compile(type, scope)
  const make = Object.hasOwn(makers, type) ? makers[type] : undefined
  const made = make === undefined ? resolve(type, scope) : make(schema, scope)
  const read = logicalReader(schema)
  if (read === undefined) return made
  const annotated = { ...made, read }
  if (made.fullName !== undefined) scope.named.set(made.fullName, annotated)
  return annotated
}

function resolve(name: string, { named, namespace }: Scope): AvroType {
  const type = primitives[name] ?? named.get(fullNameOf(name, namespace)) ?? named.get(name)
  if (type === undefined) throw new SyntaxError(`${shown(name)} is no Avro type that the schema defines`)
  return type
}

const fullNameOf = (name: string, namespace: string): string =>
  name.includes('.') || namespace === '' ? name : `${namespace}.${name}`

type Maker = (schema: Readonly<Record<string, unknown>>, scope: Scope) => AvroType

const makers: Readonly<Record<string, Maker>> = {
  record,
  error: record,
  enum: enumeration,
  fixed,
  array: ({ items }, scope) => array(compile(items, scope)),
  map: ({ values }, scope) => map(compile(values, scope)),
}

interface Named extends Scope {
  readonly fullName: string
}

function enterName({ name, namespace }: Readonly<Record<string, unknown>>, scope: Scope): Named {
  if (typeof name !== 'string' || name === '') throw new SyntaxError('a named type has no name')
  const fullName = fullNameOf(name, typeof namespace === 'string' ? namespace : scope.namespace)
  return { named: scope.named, namespace: fullName.split('.').slice(0, -1).join('.'), fullName }
}

function record(schema: Readonly<Record<string, unknown>>, scope: Scope): AvroType {
  const inner = enterName(schema, scope)
  if (!Array.isArray(schema['fields'])) throw new SyntaxError(`record ${inner.fullName} has no fields`)
  const fields: AvroField[] = []
  const read: Read = (tap) => {
    enter(tap)
    const object: Record<string, unknown> = {}
    for (const { name, type } of fields) put(object, name, type.read(tap))
    tap.levels++
    return object
  }
  const skip = (tap: Tap): void => {
    enter(tap)
    for (const { type } of fields) type.skip(tap)
    tap.levels++
  }
  const type: AvroType = { kind: 'record', fullName: inner.fullName, fields, read, skip }
  // Before its fields: a record may hold itself.
  scope.named.set(inner.fullName, type)
  for (const field of schema['fields'] as readonly unknown[]) {
    if (!isJsonObject(field) || typeof field['name'] !== 'string')
      throw new SyntaxError(`a field of record ${inner.fullName} has no name`)
    fields.push({ name: field['name'], type: compile(field['type'], inner) })
  }
  return type
}

// An own key "__proto__", as JSON.parse makes it, and no other prototype.
function put(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true })
  else object[key] = value
}

function enumeration(schema: Readonly<Record<string, unknown>>, scope: Scope): AvroType {
  const { fullName } = enterName(schema, scope)
  const symbols: readonly unknown[] = Array.isArray(schema['symbols']) ? schema['symbols'] : []
  const read: Read = (tap) => {
    const index = readLong(tap)
    const symbol = typeof index === 'number' ? symbols[index] : undefined
    if (symbol === undefined) throw new RangeError(`enum ${fullName} has no symbol ${String(index)}`)
    return symbol
  }
  const type: AvroType = { kind: 'enum', fullName, read, skip: read }
  scope.named.set(fullName, type)
  return type
}

function fixed(schema: Readonly<Record<string, unknown>>, scope: Scope): AvroType {
  const { fullName } = enterName(schema, scope)
  const { size } = schema
  if (!Number.isSafeInteger(size) || Number(size) < 0) throw new SyntaxError(`fixed ${fullName} has no size`)
  const length = Number(size)
  const type: AvroType = {
    kind: 'fixed',
    fullName,
    read: (tap) => tap.bytes.toString('base64', skipBytes(tap, length), tap.at),
    skip: (tap) => void skipBytes(tap, length),
  }
  scope.named.set(fullName, type)
  return type
}

function array(items: AvroType): AvroType {
  const read: Read = (tap) => {
    const list: unknown[] = []
    eachItem(tap, () => list.push(items.read(tap)))
    return list
  }
  return { kind: 'array', read, skip: (tap) => eachItem(tap, () => items.skip(tap)) }
}

function map(values: AvroType): AvroType {
  const read: Read = (tap) => {
    const object: Record<string, unknown> = {}
    eachItem(tap, () => put(object, readText(tap), values.read(tap)))
    return object
  }
  const skip = (tap: Tap): void =>
    eachItem(tap, () => {
      skipSized(tap)
      values.skip(tap)
    })
  return { kind: 'map', read, skip }
}

function union(branches: readonly AvroType[]): AvroType {
  const branch = (tap: Tap): AvroType => {
    const index = readLong(tap)
    const type = typeof index === 'number' ? branches[index] : undefined
    if (type === undefined) throw new RangeError(`a union in the value has no branch ${String(index)}`)
    return type
  }
  return { kind: 'union', branches, read: (tap) => branch(tap).read(tap), skip: (tap) => branch(tap).skip(tap) }
}

const shown = (value: unknown): string => (stringifyJson(value) ?? 'nothing').slice(0, 80)
