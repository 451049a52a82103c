// Raw calls in Avro, as another producer would write them: with avsc. Test support.
import avro from 'avsc'
import { ownSchema } from '../../src/schemas/own-schemas.ts'

const trackCall = avro.Type.forSchema(JSON.parse(ownSchema('TrackCall')) as avro.Schema)

interface Call {
  readonly method?: string
  readonly path?: string
  readonly id?: string
  readonly source?: string
  /** ISO 8601. */
  readonly received_at?: string
  readonly body?: unknown
}

/** The value of a raw call in Avro; undefined where the JSON is no call with method and path. */
export function avroCall(schemaId: number, json: string): Buffer | undefined {
  let call: Call
  try {
    call = JSON.parse(json) as Call
  } catch {
    return undefined
  }
  if (call.method === undefined || call.path === undefined) return undefined
  const { method, path, id = null, source = null, received_at: time } = call
  const body = typeof call.body === 'string' ? call.body : (JSON.stringify(call.body) ?? null)
  const fields = { method, path, body, id, source, received_at: time === undefined ? null : Date.parse(time) }
  return framed(schemaId, trackCall.toBuffer(fields))
}

/** Magic byte and id before a value. */
export function framed(schemaId: number, value: Uint8Array): Buffer {
  const header = Buffer.alloc(5)
  header.writeInt32BE(schemaId, 1)
  return Buffer.concat([header, value])
}
