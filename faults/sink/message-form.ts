// How messages and dead letters stand on the topics of the sink: what is written, what the configuration says of it, and
// how the account reads it. JSON, as it is by default; the other one is avro-form.ts.
import type { CommittedRecord } from '../../test/support/committed-reader.ts'
import type { Placed } from '../writer.ts'
import type { FedRecord } from './account.ts'
import type { RegistryFault } from './faulty-registry.ts'

/** What a scenario may do to schemas and their registry. */
export interface SchemaFaults {
  /** As FaultyRegistry. */
  strike(fault: RegistryFault | undefined): Promise<void>
  /** Messages that are fed from now on have a schema that no process has asked for; `partition`: only those on it. */
  renew(partition?: number): void
  /** Whether messages that are fed from now on are JSON, which needs no schema. */
  plain(isPlain: boolean): void
}

/** The form of both topics. */
export interface MessageForm {
  /** A message in JSON as it is to stand on the topic. */
  readonly write: (record: Placed) => Placed
  /** A record of the destination topic, for the account. */
  readMessage(record: CommittedRecord): FedRecord
  /** A record of the dead-letter topic whose value is JSON with `reason` and `value`, for the account. */
  readLetter(record: CommittedRecord): CommittedRecord
  /** Of each destination and of the dead letters in the configuration. */
  readonly topicSettings: { readonly format?: 'avro' }
  /** Sections of the configuration beside those of JSON. */
  readonly sections: Readonly<Record<string, object>>
  /** The schema registry, where there is one. */
  readonly schemas: SchemaFaults | undefined
  close(): Promise<void>
}

/** Texts as they are. */
export const jsonForm: MessageForm = {
  write: (record) => record,
  readMessage: (record) => record,
  readLetter: (record) => record,
  topicSettings: {},
  sections: {},
  schemas: undefined,
  close: async () => undefined,
}
