// A message -> its value in Avro, PipelinesMessage: the JSON that would stand on a topic in JSON, and columns beside it.
// Written in one go, without an object in between. Pure. Ruled by kafka.md, "Formats", and avro/PipelinesMessage.avsc,
// whose order of fields this follows.
import type { EncodeMessage } from '../records/message-record.ts'
import { messageTypes, type MessageType } from '../translate/message.ts'
import { writeMessage } from '../translate/message-text.ts'
import { writeBytes } from '../translate/byte-writer.ts'
import { encodeTextFirst, writeOptional, writeText, timeWriter } from './avro-writer.ts'

/** The encoder of one destination; `schemaId`: of PipelinesMessage in the registry. */
export function messageEncoder(schemaId: number, destination: string): EncodeMessage {
  const name = textBytes(destination)
  return (message, integrations, source) =>
    encodeTextFirst(
      schemaId,
      () => writeMessage(message, integrations),
      () => {
        writeBytes(types[message.type])
        writeText(message.messageId)
        writeOptional(message.userId, writeText)
        writeOptional(message.anonymousId, writeText)
        writeOptional(message.previousId, writeText)
        writeOptional(message.groupId, writeText)
        writeOptional(message.event, writeText)
        writeOptional(message.name, writeText)
        writeBytes(name)
        writeOptional(source, writeText)
        writeTimestamp(message.timestamp)
        writeReceivedAt(message.receivedAt)
      },
    )
}

const writeTimestamp = timeWriter()
const writeReceivedAt = timeWriter()

/** Of a text that is short and never changes. */
function textBytes(text: string): Buffer {
  const bytes = Buffer.from(text)
  if (bytes.length >= 64)
    return Buffer.concat([Buffer.from([((bytes.length * 2) % 128) | 128, bytes.length >> 6]), bytes])
  return Buffer.concat([Buffer.from([bytes.length * 2]), bytes])
}

const types = Object.fromEntries(messageTypes.map((type) => [type, textBytes(type)])) as Record<MessageType, Buffer>
