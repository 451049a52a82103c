// A TrackCall in Avro -> the raw call as translate reads it. In: the writer's schema, compiled, older or newer than ours.
// Out: a reader whose body is the object scanned where it stands in the value: no JSON is put together in between. Fields
// are found by name, as Avro's schema resolution does; those we do not know are skipped. Pure. Ruled by mapping.md, "Raw
// calls".
import { isUtf8 } from '../json.ts'
import { isVerbatim } from '../translate/call-object.ts'
import { scanCall } from '../translate/call-scanner.ts'
import { readLength, readLong, skipBytes, textOf, type Tap } from './avro-bytes.ts'
import type { AvroType } from './avro-types.ts'
import type { Read } from './logical-types.ts'

export const trackCallName = 'trackbridge.v1.TrackCall'

const fieldNames = ['method', 'path', 'body', 'id', 'source', 'received_at'] as const
type FieldName = (typeof fieldNames)[number]

/** Reads `{method, path, body, id, source, received_at}`: what is absent is undefined or null. */
export function trackCallReader({ fields = [] }: AvroType): Read {
  const steps = fields.map(({ name, type }) => {
    const known = fieldNames.find((field) => field === name)
    return { known, skip: type.skip, read: known === 'body' ? bodyReader(type) : type.read }
  })
  return (tap) => {
    const call: Record<FieldName, unknown> = {
      method: undefined,
      path: undefined,
      body: undefined,
      id: undefined,
      source: undefined,
      received_at: undefined,
    }
    for (const { known, read, skip } of steps)
      if (known === undefined) skip(tap)
      else call[known] = read(tap)
    return call
  }
}

function bodyReader(type: AvroType): Read {
  if (type.kind === 'string') return readBody
  const { branches = [] } = type
  if (!branches.some(({ kind }) => kind === 'string')) return type.read
  const readers = branches.map(({ kind, read }) => (kind === 'string' ? readBody : read))
  return (tap) => {
    const index = readLong(tap)
    const read = typeof index === 'number' ? readers[index] : undefined
    if (read === undefined) throw new RangeError(`a union in the value has no branch ${String(index)}`)
    return read(tap)
  }
}

// Text where it is no object: what is wrong with it is then told as of a body in JSON.
function readBody(tap: Tap): unknown {
  const start = skipBytes(tap, readLength(tap))
  const { bytes, at: end } = tap
  const scanned = isUtf8(bytes.subarray(start, end)) ? scanCall(bytes, start, end) : undefined
  return isVerbatim(scanned) ? scanned : textOf(bytes, start, end)
}
