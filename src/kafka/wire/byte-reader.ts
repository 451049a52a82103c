// Bytes of a Kafka answer -> fields. Names are those of the Kafka protocol guide ("Protocol Primitive Types"). Reading
// past the end throws RangeError: an answer that is shorter than its version says.

export interface ByteReader {
  int8(): number
  int16(): number
  int32(): number
  int64(): bigint
  string(): string | null
  compactString(): string | null
  /** int32 length, then so many bytes; null is empty. */
  bytes(): Buffer
  unsignedVarint(): number
  /** Tagged fields, each handed to `onTag` with its number and bytes. */
  tags(onTag?: (tag: number, bytes: Buffer) => void): void
  /** int32 count, then that many elements; a null array is empty. */
  array<T>(element: () => T): T[]
  compactArray<T>(element: () => T): T[]
}

export function createByteReader(buffer: Buffer): ByteReader {
  let at = 0
  const step = (bytes: number): number => {
    at += bytes
    if (at > buffer.length) throw new RangeError(`the answer ends after ${buffer.length} bytes, ${at} were expected`)
    return at - bytes
  }
  const text = (bytes: number): string => {
    const start = step(bytes)
    return buffer.toString('utf8', start, at)
  }
  const reader: ByteReader = {
    int8: () => buffer.readInt8(step(1)),
    int16: () => buffer.readInt16BE(step(2)),
    int32: () => buffer.readInt32BE(step(4)),
    int64: () => buffer.readBigInt64BE(step(8)),
    string() {
      const bytes = reader.int16()
      return bytes < 0 ? null : text(bytes)
    },
    compactString() {
      const bytes = reader.unsignedVarint() - 1
      return bytes < 0 ? null : text(bytes)
    },
    bytes() {
      const length = Math.max(0, reader.int32())
      const start = step(length)
      return buffer.subarray(start, at)
    },
    unsignedVarint() {
      let value = 0
      for (let shift = 0; ; shift += 7) {
        const byte = buffer.readUInt8(step(1))
        value |= (byte & 127) << shift
        if (byte < 128) return value
      }
    },
    tags(onTag) {
      for (let left = reader.unsignedVarint(); left > 0; left -= 1) {
        const tag = reader.unsignedVarint()
        const bytes = reader.unsignedVarint()
        const start = step(bytes)
        onTag?.(tag, buffer.subarray(start, at))
      }
    },
    array: (element) => elements(reader.int32(), element),
    compactArray: (element) => elements(reader.unsignedVarint() - 1, element),
  }
  return reader
}

function elements<T>(count: number, element: () => T): T[] {
  return Array.from({ length: Math.max(0, count) }, () => element())
}
