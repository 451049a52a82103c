// A value in Avro, DeadLetter or Unsupported as some version of trackbridge wrote it -> the dead letter, every byte of the
// original as it was. In: the writer's schema. Out: a reader; fields that the writer did not know are absent. Pure.
// Ruled by avro/DeadLetter.avsc; the reader of other records (avro-types.ts) gives bytes as text, which loses them.
import { parseJson } from '../json.ts'
import type { DeadLetterInput } from '../records/dead-letter.ts'
import { toLetter } from '../records/dead-letter-reading.ts'
import type { Header } from '../records/headers.ts'
import { eachItem, openTap, readLength, readLong, readText, skipBytes, type Tap } from './avro-bytes.ts'
import { compileSchema, type AvroType } from './avro-types.ts'
import { headerBytes } from './avro-value.ts'

/** Undefined for a value that is no letter by this schema. `recordTimestampMs` as in records/dead-letter-reading.ts. */
export type ReadLetterValue = (value: Buffer, recordTimestampMs: number) => DeadLetterInput | undefined

/** From the text that the registry holds; undefined where it is no schema of dead letters. */
export function deadLetterReader(schemaText: string): ReadLetterValue | undefined {
  const { fields, fullName } = compiled(schemaText) ?? {}
  if (fields === undefined || !/^trackbridge\.v1\.(DeadLetter|Unsupported)$/.test(fullName ?? '')) return undefined
  const readers = fields.map(({ name, type }) => [name, readerOf(name, type)] as const)
  return (value, recordTimestampMs) => {
    const tap = openTap(value, headerBytes)
    try {
      const found = new Map(readers.map(([name, read]) => [name, read(tap)]))
      return tap.at === value.length ? letterOf(found, recordTimestampMs) : undefined
    } catch (error) {
      if (error instanceof RangeError) return undefined
      throw error
    }
  }
}

function compiled(schemaText: string): AvroType | undefined {
  try {
    return compileSchema(parseJson(schemaText))
  } catch {
    return undefined
  }
}

type Read = (tap: Tap) => unknown

function readerOf(name: string, type: AvroType): Read {
  if (name === 'key' || name === 'value') return bytesReader(type)
  return name === 'headers' ? readHeaders : type.read
}

/** Of bytes, or of null and bytes. */
function bytesReader({ kind, branches, read }: AvroType): Read {
  if (kind === 'bytes') return readBytes
  if (branches === undefined) return read
  const readers = branches.map(bytesReader)
  return (tap) => readers[Number(readLong(tap))]?.(tap) ?? null
}

function readBytes(tap: Tap): Buffer {
  const start = skipBytes(tap, readLength(tap))
  return tap.bytes.subarray(start, tap.at)
}

// The same in every version so far: name and null or bytes.
function readHeaders(tap: Tap): readonly Header[] {
  const headers: Header[] = []
  eachItem(tap, () => headers.push([readText(tap), readLong(tap) === 1 ? readBytes(tap) : null]))
  return headers
}

function letterOf(found: ReadonlyMap<string, unknown>, recordTimestampMs: number): DeadLetterInput | undefined {
  const bytes = (name: string): Buffer | null => {
    const value = found.get(name)
    return Buffer.isBuffer(value) ? value : null
  }
  const status = found.get('answerStatus')
  const fields = {
    reason: found.get('reason'),
    field: found.get('field'),
    message: found.get('message'),
    stage: found.get('stage'),
    topic: found.get('sourceTopic'),
    partition: found.get('sourcePartition'),
    offset: found.get('sourceOffset'),
    timestamp: found.get('sourceTimestamp'),
    destination: found.get('destination'),
    attempt: found.get('attempt'),
    operations: found.get('operations'),
    answer: typeof status === 'number' ? { status, body: found.get('answerBody') } : undefined,
    key: bytes('key'),
    value: bytes('value'),
    headers: (found.get('headers') ?? []) as readonly Header[],
    failedAt: found.get('failedAt'),
  }
  return toLetter(fields, recordTimestampMs)
}
