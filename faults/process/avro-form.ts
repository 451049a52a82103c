// The form of records under `--format avro`: raw calls, messages, dead letters and unsupported calls in Avro, with a
// registry in memory. In: topics. Out: how a call is written, the configuration that goes with it, and raw records back as
// JSON for the account, read by avsc.
import avro from 'avsc'
import { ownSchema, subjectOf, type SchemaName } from '../../src/schemas/own-schemas.ts'
import { avroCall } from '../../test/support/avro-calls.ts'
import type { CommittedRecord } from '../../test/support/committed-reader.ts'
import { startRegistryStub } from '../../test/support/registry-stub.ts'
import type { Topics } from './scenario.ts'

/** How records stand on the topics. */
export interface RecordForm {
  /** The value of a raw record for a call that is given as JSON. */
  encode(json: string | null): Buffer | string | null
  /** A raw record with the JSON of its call as value; what is no Avro as it is. */
  decode(record: CommittedRecord): CommittedRecord
  /** Sections of the configuration, over those of JSON. */
  config(sections: Readonly<Record<string, object>>): Readonly<Record<string, unknown>>
  close(): Promise<void>
}

export const jsonForm: RecordForm = {
  encode: (json) => json,
  decode: (record) => record,
  config: (sections) => sections,
  close: async () => undefined,
}

const trackCall = avro.Type.forSchema(JSON.parse(ownSchema('TrackCall')) as avro.Schema)

/** Calls that are broken JSON, and records without a value, stay as they are. */
export async function openAvroForm(topics: Topics): Promise<RecordForm> {
  const registry = await startRegistryStub()
  const put = (topic: string, name: SchemaName): number => registry.put(subjectOf(topic), ownSchema(name))
  const id = put(topics.raw, 'TrackCall')
  put(topics.destination, 'PipelinesMessage')
  put(topics.deadLetters, 'DeadLetter')
  put(topics.unsupported, 'Unsupported')
  const format = 'avro'
  return {
    encode: (json) => (json === null ? null : (avroCall(id, json) ?? json)),
    decode: (record) => (record.bytes?.[0] === 0 ? { ...record, value: callOf(record.bytes) } : record),
    config: ({ raw, deadLetters, unsupported, ...sections }) => ({
      ...sections,
      schemaRegistry: { url: registry.url },
      raw: { ...raw, format },
      destinations: [{ name: 'main', topic: topics.destination, format }],
      deadLetters: { ...deadLetters, format },
      unsupported: { ...unsupported, format },
    }),
    close: () => registry.close(),
  }
}

function callOf(value: Buffer): string {
  const { method, path, body, source } = trackCall.fromBuffer(value.subarray(5)) as Readonly<Record<string, unknown>>
  return JSON.stringify({ method, path, body, source })
}
