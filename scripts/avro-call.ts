// A raw call in JSON -> the same as a TrackCall in Avro, as a producer with a schema registry would write it. In: id of
// the schema, JSON text. Out: the value of the record; undefined where the text is no call that Avro can hold.
import { isJsonObject, parseJson, stringifyJson } from '../src/json.ts'
import { encodeTextFirst, writeLong, writeOptional, writeText } from '../src/schemas/avro-writer.ts'
import { writeUtf8 } from '../src/translate/byte-writer.ts'

/** Fields in the order of avro/TrackCall.avsc. */
export function avroCall(schemaId: number, json: string): Buffer | undefined {
  const call = parsed(json)
  if (!isJsonObject(call)) return undefined
  const { method, path, body, id, source, received_at: received } = call
  if (typeof method !== 'string' || typeof path !== 'string') return undefined
  if (![id, source].every((one) => one === undefined || typeof one === 'string')) return undefined
  // Milliseconds since 1970, or ISO 8601.
  const receivedMs = typeof received === 'string' ? Date.parse(received) : (received ?? null)
  if (receivedMs !== null && !(typeof receivedMs === 'number' && Number.isInteger(receivedMs))) return undefined
  return encodeTextFirst(
    schemaId,
    () => writeUtf8(method),
    () => {
      writeText(path)
      // A body that is a text is JSON in a text already.
      writeOptional(body === undefined || typeof body === 'string' ? body : stringifyJson(body), writeText)
      writeOptional(id as string | undefined, writeText)
      writeOptional(source as string | undefined, writeText)
      writeOptional(receivedMs, writeLong)
    },
  )
}

function parsed(json: string): unknown {
  try {
    return parseJson(json)
  } catch {
    return undefined
  }
}
