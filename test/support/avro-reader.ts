// Avro values as a stranger reads them: the schema by its id from the registry over HTTP, the bytes by Apache Avro's Java
// library. Nothing of ours takes part, so that it cannot share a mistake. Test support.
import { readWithJavaAvro } from './avro-client.ts'

export interface ReadValue {
  /** e.g. `trackbridge.v1.PipelinesMessage`. */
  readonly schema: string
  /** As Avro writes JSON: a value of a union stands under the name of its branch, `{"string": "42"}`. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** In the order of the values, each of which must be Confluent's wire format. `registryUrl`: base of its API. */
export async function readAvroValues(registryUrl: string, values: readonly Buffer[]): Promise<readonly ReadValue[]> {
  const ids = [...new Set(values.map(idOf))]
  const schemas = new Map(await Promise.all(ids.map(async (id) => [id, await schemaOf(registryUrl, id)] as const)))
  const jobs = values.map((value) => {
    const schema = schemas.get(idOf(value)) ?? ''
    return { writer: schema, reader: schema, value: value.subarray(5) }
  })
  const read = await readWithJavaAvro(jobs)
  return read.map((fields, index) => ({
    schema: nameOf(jobs[index]?.writer ?? ''),
    fields: fields as Record<string, unknown>,
  }))
}

/** What stands in an optional field, in place of its branch. */
export function optional(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? Object.values(value)[0] : value
}

function idOf(value: Buffer): number {
  if (value.length < 5 || value[0] !== 0) throw new Error(`no Avro: ${value.subarray(0, 40).toString('hex')}`)
  return value.readInt32BE(1)
}

async function schemaOf(registryUrl: string, id: number): Promise<string> {
  const answer = await fetch(`${registryUrl}/schemas/ids/${id}`)
  if (!answer.ok) throw new Error(`the registry answers ${answer.status} for schema ${id}`)
  const { schema } = (await answer.json()) as { readonly schema: string }
  // On one line: it is part of a job that is a line.
  return JSON.stringify(JSON.parse(schema))
}

function nameOf(schema: string): string {
  const { namespace, name } = JSON.parse(schema) as { readonly namespace: string; readonly name: string }
  return `${namespace}.${name}`
}
