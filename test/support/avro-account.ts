// The account over topics in Avro and an API: each record read by strangers (Kafka's Java client, Avro's Java library, the
// schema from the registry) and held against the raw ones. In: records of all topics, what the API was sent. Out: numbers
// of faults. Test support.
import type { AcceptedMessage } from '../../src/demo/stand-in-api.ts'
import { createLedger, type Account } from './accounting.ts'
import { optional, readAvroValues, type ReadValue } from './avro-reader.ts'
import type { CommittedRecord } from './committed-reader.ts'

export interface AvroTopics {
  readonly raw: string
  readonly main: string
  readonly deadLetters: string
  readonly unsupported: string
}

export interface AvroAccount {
  readonly ledger: Account
  /** Values that were Avro, of all topics. */
  readonly decoded: number
  /** Of another schema than their topic's. */
  readonly strange: number
  /** Records of the destination topic. */
  readonly messages: readonly CommittedRecord[]
  /** Messages whose columns and headers do not say what their JSON says. */
  readonly unequal: number
}

/** `records`: of all topics, the raw one first, with their bytes. */
export async function takeAvroAccount(
  records: readonly CommittedRecord[],
  topics: AvroTopics,
  registryUrl: string,
): Promise<AvroAccount> {
  const inAvro = records.flatMap((record) => (record.bytes?.[0] === 0 ? [{ record, bytes: record.bytes }] : []))
  const read = await readAvroValues(
    registryUrl,
    inAvro.map(({ bytes }) => bytes),
  )
  const values = new Map(inAvro.map(({ record }, index) => [record, read[index]] as const))
  const { main, deadLetters, unsupported } = topics
  const ledger = createLedger({ destinations: [main], deadLetters, unsupported })
  for (const record of records) {
    const value = values.get(record)
    if (record.topic !== topics.raw) ledger.addOutput(record)
    else ledger.addRaw(value === undefined ? record : { ...record, value: rawJson(value.fields) })
  }
  const messages = records.filter(({ topic }) => topic === main)
  return {
    ledger: ledger.close(),
    decoded: read.length,
    strange: [...values].filter(([{ topic }, value]) => value?.schema !== schemaOf(topic, topics)).length,
    messages,
    unequal: messages.filter((record) => !isOfOnePiece(record, values.get(record))).length,
  }
}

/** The call as JSON that stands in a raw record. */
const rawJson = ({ method, path, body, source }: ReadValue['fields']): string =>
  JSON.stringify({ method, path, body: optional(body), source: optional(source) })

function schemaOf(topic: string, { raw, main, deadLetters }: AvroTopics): string {
  const name = { [raw]: 'TrackCall', [main]: 'PipelinesMessage', [deadLetters]: 'DeadLetter' }[topic]
  return `trackbridge.v1.${name ?? 'Unsupported'}`
}

function isOfOnePiece(record: CommittedRecord, value: ReadValue | undefined): boolean {
  const fields = value?.fields ?? {}
  const { messageId, userId = null } = JSON.parse(String(fields['payload'])) as Readonly<Record<string, unknown>>
  return messageId === record.messageId && messageId === fields['messageId'] && userId === optional(fields['userId'])
}

export interface SentAccount {
  /** Messages of the topic that the API has not got. */
  readonly lost: number
  /** Sent under a messageId that is not on the topic. */
  readonly foreign: number
  /** Sent for the first time behind a later message of the same person. */
  readonly outOfOrder: number
  /** Sent again as another message than before, but for the time of sending. */
  readonly changed: number
  /** Sent again under the same messageId. */
  readonly repeats: number
}

/** What the API has taken, in its order, against the messages of the topic. */
export function judgeSent(accepted: readonly AcceptedMessage[], messages: readonly CommittedRecord[]): SentAccount {
  const places = new Map(messages.map((record) => [record.messageId, record]))
  const first = new Map<string, string>()
  const newest = new Map<string, number>()
  const counts = { foreign: 0, outOfOrder: 0, changed: 0, repeats: 0 }
  for (const { messageId, message } of accepted) {
    const place = places.get(messageId)
    const before = first.get(messageId)
    const text = JSON.stringify({ ...message, sentAt: null })
    first.set(messageId, text)
    if (place === undefined) counts.foreign++
    else if (before !== undefined) {
      counts.repeats++
      if (before !== text) counts.changed++
    } else {
      const lane = `${place.partition} ${place.key}`
      if (place.offset < (newest.get(lane) ?? -1)) counts.outOfOrder++
      newest.set(lane, place.offset)
    }
  }
  return { lost: [...places.keys()].filter((id) => !first.has(id ?? '')).length, ...counts }
}
