// PURE: the bodies of requests. In: messages and the time of the attempt. Out: bytes, their type, and the path they go to.
// Ruled by sink.md, "Facts of the API", for `pipelines`; the others are for any endpoint that takes messages in batches.
import type { MessageType } from '../translate/message.ts'
import { putMessage, type OutgoingMessage } from './outgoing.ts'

export const sinkFormats = ['pipelines', 'ndjson', 'json-array'] as const
export type SinkFormat = (typeof sinkFormats)[number]

export interface RequestFormat {
  readonly contentType: string
  /** What stands before, between and behind the messages. All ASCII. */
  readonly opening: string
  readonly separator: string
  readonly closing: string
  /** Added to the URL, e.g. `/batch`. */
  path(alone: MessageType | undefined): string
  /** A message that goes alone has neither opening nor closing. */
  readonly isBareAlone: boolean
}

const json = 'application/json'
const here = (): string => ''

/** By the setting `sink.format`. */
export const requestFormats: Readonly<Record<SinkFormat, RequestFormat>> = {
  pipelines: {
    contentType: json,
    opening: '{"batch":[',
    separator: ',',
    closing: ']}',
    path: (alone) => (alone === undefined ? '/batch' : `/${alone}`),
    isBareAlone: true,
  },
  'json-array': { contentType: json, opening: '[', separator: ',', closing: ']', path: here, isBareAlone: false },
  ndjson: {
    contentType: 'application/x-ndjson',
    opening: '',
    separator: '\n',
    closing: '\n',
    path: here,
    isBareAlone: false,
  },
}

/** Bytes of a body beside its messages and the separators between them. */
export const envelopeBytes = ({ opening, closing, isBareAlone }: RequestFormat, alone = false): number =>
  alone && isBareAlone ? 0 : opening.length + closing.length

/** The body, e.g. `{"batch":[{"type":"track",...},{"type":"page",...}]}`. `sentAtMs`: milliseconds since 1970. */
export function requestBody(
  format: RequestFormat,
  messages: readonly OutgoingMessage[],
  { alone, sentAtMs }: { readonly alone: boolean; readonly sentAtMs: number },
): Buffer {
  const { opening, separator, closing, isBareAlone } = format
  const time = new Date(sentAtMs).toISOString()
  const between = separator.length * (messages.length - 1)
  const size = messages.reduce((sum, { bytes }) => sum + bytes, envelopeBytes(format, alone) + between)
  const body = Buffer.allocUnsafe(size)
  const isBare = alone && isBareAlone
  let at = isBare ? 0 : body.write(opening, 0, 'latin1')
  for (const message of messages) {
    // One character, and never before the first.
    if (at > opening.length) body[at++] = separator.charCodeAt(0)
    at = putMessage(message, time, body, at)
  }
  if (!isBare) body.write(closing, at, 'latin1')
  return body
}
