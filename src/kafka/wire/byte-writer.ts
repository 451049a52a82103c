// Fields of a Kafka request -> bytes. Names are those of the Kafka protocol guide ("Protocol Primitive Types").

export interface ByteWriter {
  int8(value: number): ByteWriter
  int16(value: number): ByteWriter
  int32(value: number): ByteWriter
  int64(value: bigint): ByteWriter
  /** int16 length and UTF-8; null is -1. */
  string(value: string | null): ByteWriter
  /** Length + 1 as a varint and UTF-8; null is 0. */
  compactString(value: string | null): ByteWriter
  unsignedVarint(value: number): ByteWriter
  /** An empty set of tagged fields, as at the end of each structure of a flexible version. */
  tags(): ByteWriter
  /** As they are, without a length. */
  raw(bytes: Buffer): ByteWriter
  /** Everything written; the writer must not be used after. */
  finish(): Buffer
}

interface State {
  buffer: Buffer
  end: number
}

/** `bytes`: room to begin with; it grows by itself. */
export function createByteWriter(bytes = 256): ByteWriter {
  const state: State = { buffer: Buffer.allocUnsafe(bytes), end: 0 }
  const put = (bytesOfField: number, write: (at: number) => unknown): ByteWriter => {
    claim(state, bytesOfField, write)
    return writer
  }
  const putText = (text: string): ByteWriter =>
    put(Buffer.byteLength(text), (at) => state.buffer.write(text, at, 'utf8'))
  const writer: ByteWriter = {
    int8: (value) => put(1, (at) => state.buffer.writeInt8(value, at)),
    int16: (value) => put(2, (at) => state.buffer.writeInt16BE(value, at)),
    int32: (value) => put(4, (at) => state.buffer.writeInt32BE(value, at)),
    int64: (value) => put(8, (at) => state.buffer.writeBigInt64BE(value, at)),
    string(value) {
      if (value === null) return writer.int16(-1)
      writer.int16(Buffer.byteLength(value))
      return putText(value)
    },
    compactString(value) {
      if (value === null) return writer.unsignedVarint(0)
      writer.unsignedVarint(Buffer.byteLength(value) + 1)
      return putText(value)
    },
    unsignedVarint(value) {
      for (let rest = value; ; rest >>>= 7) {
        const byte = rest > 127 ? (rest & 127) | 128 : rest
        claim(state, 1, (at) => state.buffer.writeUInt8(byte, at))
        if (rest <= 127) return writer
      }
    },
    tags: () => writer.unsignedVarint(0),
    raw: (source) => put(source.length, (at) => source.copy(state.buffer, at)),
    finish: () => state.buffer.subarray(0, state.end),
  }
  return writer
}

function claim(state: State, bytes: number, write: (at: number) => unknown): void {
  const { buffer, end } = state
  if (end + bytes > buffer.length) {
    state.buffer = Buffer.allocUnsafe(Math.max(buffer.length * 2, end + bytes))
    buffer.copy(state.buffer, 0, 0, end)
  }
  state.end += bytes
  write(end)
}
