// The form of records under `--format avro`: messages and dead letters in Avro, with a registry that can be struck. In:
// topics. Out: records to write, the configuration that goes with them, and records read back for the account.
import { ownSchema, subjectOf } from '../../src/schemas/own-schemas.ts'
import { idOf, laterSchema, letterOf, messageCodec, unreadableValue, type MessageCodec } from './avro-values.ts'
import { startFaultyRegistry, type FaultyRegistry } from './faulty-registry.ts'
import type { MessageForm } from './message-form.ts'
import { fateOf, numberOf } from './messages.ts'
import type { Topics } from './scenario.ts'

/** Of no schema in the registry. */
const unknownId = 1_000_000
/** So that a registry that never answers is noticed in seconds. */
const timeoutMs = 1_000

interface State {
  readonly registry: FaultyRegistry
  readonly subject: string
  readonly codecs: Map<number, MessageCodec>
  readonly trackCall: number
  usual: MessageCodec
  /** In place of the usual one, on this partition. */
  other: { readonly partition: number; readonly codec: MessageCodec } | undefined
  isPlain: boolean
}

/** Resolves when the registry listens. */
export async function openAvroForm(topics: Topics): Promise<MessageForm> {
  const registry = await startFaultyRegistry()
  const subject = subjectOf(topics.destination)
  const codecs = new Map<number, MessageCodec>()
  const usual = register({ registry, subject, codecs }, ownSchema('PipelinesMessage'))
  const letterId = registry.put(subjectOf(topics.deadLetters), ownSchema('DeadLetter'))
  const trackCall = registry.put(subjectOf(`${topics.destination}.raw`), ownSchema('TrackCall'))
  const state: State = { registry, subject, codecs, trackCall, usual, other: undefined, isPlain: false }
  return {
    write: (record) => (state.isPlain ? record : { ...record, value: valueOf(state, record) }),
    readMessage: ({ bytes = null, ...record }) => ({
      ...record,
      value: bytes === null ? null : textOf(state, bytes),
      held: bytes?.toString('base64') ?? '',
    }),
    readLetter({ bytes = null, ...record }) {
      const found = bytes !== null && idOf(bytes) === letterId ? letterOf(bytes) : undefined
      const letter = found && { reason: found.reason, value: found.value?.toString('base64') }
      return { ...record, value: letter === undefined ? null : JSON.stringify(letter) }
    },
    topicSettings: { format: 'avro' },
    sections: { schemaRegistry: { url: registry.url, timeoutMs } },
    schemas: {
      strike: (fault) => registry.strike(fault),
      renew: (partition) => renew(state, partition),
      plain: (isPlain) => void (state.isPlain = isPlain),
    },
    close: () => registry.close(),
  }
}

function register({ registry, subject, codecs }: Pick<State, 'registry' | 'subject' | 'codecs'>, text: string) {
  const codec = messageCodec({ id: registry.put(subject, text), text })
  codecs.set(codec.id, codec)
  return codec
}

function renew(state: State, partition: number | undefined): void {
  const codec = register(state, laterSchema(state.codecs.size))
  if (partition === undefined) state.usual = codec
  state.other = partition === undefined ? undefined : { partition, codec }
}

function valueOf(state: State, { partition, value, headers }: Parameters<MessageForm['write']>[0]): Buffer | string {
  const { usual, other, trackCall } = state
  const codec = other?.partition === partition ? other.codec : usual
  const messageId = String(headers?.['tb-mid'])
  const text = String(value)
  if (fateOf(messageId) !== 'unreadable') return codec.encode(text)
  return unreadableValue(codec, numberOf(messageId), { trackCall, unknown: unknownId }, text)
}

function textOf({ codecs }: State, bytes: Buffer): string | null {
  if (bytes[0] !== 0) return bytes.toString()
  return codecs.get(idOf(bytes) ?? -1)?.decode(bytes) ?? null
}
