// Bytes of our requests -> their fields, written after Kafka's message definitions and with nothing of src/kafka/wire: the
// yardstick for the encoders. Every byte must be taken up, or it throws. Test support.

/** Request as it goes out: its header's numbers and its body. */
export interface Sent {
  readonly apiName: string
  readonly apiVersion: number
  readonly apiKey: number
  encode(): Buffer
}

/** One batch of a Produce request, by what its header says. */
export interface SentBatch {
  readonly topic: string
  readonly partition: number
  readonly producerId: bigint
  readonly epoch: number
  readonly sequence: number
  readonly count: number
  readonly transactional: boolean
  readonly bytes: Buffer
}

interface Cursor {
  readonly int: (bytes: 1 | 2 | 4) => number
  readonly long: () => bigint
  readonly varint: () => number
  readonly bytes: (count: number) => Buffer
  readonly atEnd: () => boolean
}

function createCursor(buffer: Buffer): Cursor {
  let at = 0
  const bytes = (count: number): Buffer => {
    if (at + count > buffer.length) throw new Error(`${count} bytes wanted at ${at} of ${buffer.length}`)
    at += count
    return buffer.subarray(at - count, at)
  }
  const varint = (): number => {
    const byte = bytes(1)[0] ?? 0
    return byte > 127 ? (byte % 128) + 128 * varint() : byte
  }
  return {
    int: (count) => bytes(count).readIntBE(0, count),
    long: () => bytes(8).readBigInt64BE(),
    varint,
    bytes,
    atEnd: () => at === buffer.length,
  }
}

/** How the two kinds of versions write texts, arrays and the end of a structure. */
interface Style {
  readonly string: () => string | null
  readonly array: <T>(element: () => T) => T[]
  readonly end: () => void
  readonly bytes: () => Buffer
}

function plainStyle(cursor: Cursor): Style {
  return {
    string() {
      const length = cursor.int(2)
      return length < 0 ? null : cursor.bytes(length).toString()
    },
    array: (element) => Array.from({ length: cursor.int(4) }, element),
    end: () => undefined,
    bytes: () => cursor.bytes(cursor.int(4)),
  }
}

function flexibleStyle(cursor: Cursor): Style {
  return {
    string() {
      const length = cursor.varint()
      return length === 0 ? null : cursor.bytes(length - 1).toString()
    },
    array: (element) => Array.from({ length: cursor.varint() - 1 }, element),
    end() {
      const tags = cursor.varint()
      if (tags !== 0) throw new Error(`${tags} tagged fields where none was expected`)
    },
    bytes: () => cursor.bytes(cursor.varint() - 1),
  }
}

type Body = (cursor: Cursor, style: Style) => object

const named = <T>({ string, array, end }: Style, of: () => T): { topic: string | null; partitions: T[] }[] =>
  array(() => {
    const topic = { topic: string(), partitions: array(of) }
    end()
    return topic
  })

const producer = ({ long, int }: Cursor): object => ({ producerId: long(), epoch: int(2) })

const bodies: Readonly<Record<string, { readonly key: number; readonly flexibleFrom: number; readonly body: Body }>> = {
  Produce: {
    key: 0,
    flexibleFrom: 9,
    body: ({ int }, style) => ({
      transactionalId: style.string(),
      acks: int(2),
      timeoutMs: int(4),
      batches: named(style, () => {
        const batch = { partition: int(4), bytes: style.bytes() }
        style.end()
        return batch
      }).flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, bytes }) => readBatch(topic ?? '', partition, bytes)),
      ),
    }),
  },
  OffsetFetch: {
    key: 9,
    flexibleFrom: 6,
    body: ({ int }, style) => ({
      group: style.string(),
      topics: named(style, () => int(4)),
      requireStable: int(1) === 1,
    }),
  },
  ApiVersions: {
    key: 18,
    flexibleFrom: 3,
    body: (_, { string }) => ({ software: string(), softwareVersion: string() }),
  },
  InitProducerId: {
    key: 22,
    flexibleFrom: 2,
    body: ({ int }, { string }) => ({ transactionalId: string(), timeoutMs: int(4) }),
  },
  AddPartitionsToTxn: {
    key: 24,
    flexibleFrom: 3,
    body: (cursor, style) => ({
      transactionalId: style.string(),
      ...producer(cursor),
      topics: named(style, () => cursor.int(4)),
    }),
  },
  AddOffsetsToTxn: {
    key: 25,
    flexibleFrom: 3,
    body: (cursor, { string }) => ({ transactionalId: string(), ...producer(cursor), group: string() }),
  },
  EndTxn: {
    key: 26,
    flexibleFrom: 3,
    body: (cursor, { string }) => ({
      transactionalId: string(),
      ...producer(cursor),
      end: cursor.int(1) === 1 ? 'commit' : 'abort',
    }),
  },
  TxnOffsetCommit: {
    key: 28,
    flexibleFrom: 3,
    body: (cursor, style) => ({
      transactionalId: style.string(),
      group: style.string(),
      ...producer(cursor),
      generation: cursor.int(4),
      memberId: style.string(),
      instance: style.string(),
      topics: named(style, () => {
        const offset = {
          partition: cursor.int(4),
          next: cursor.long(),
          leaderEpoch: cursor.int(4),
          metadata: style.string(),
        }
        style.end()
        return offset
      }),
    }),
  },
  ListOffsets: {
    key: 2,
    flexibleFrom: 6,
    body: (cursor, style) => ({
      replica: cursor.int(4),
      isolation: cursor.int(1),
      topics: style.array(() => ({
        topic: style.string(),
        partitions: style.array(() => ({ partition: cursor.int(4), timestamp: cursor.long() })),
      })),
    }),
  },
}

/** `{api: 'EndTxn', version: 1, transactionalId: 't', producerId: 7n, epoch: 0, end: 'commit'}` */
export function decodeRequest(sent: Sent): Record<string, unknown> {
  const known = bodies[sent.apiName]
  if (known === undefined || known.key !== sent.apiKey) throw new Error(`${sent.apiName} is not API ${sent.apiKey}`)
  const cursor = createCursor(sent.encode())
  const flexible = sent.apiVersion >= known.flexibleFrom
  const style = flexible ? flexibleStyle(cursor) : plainStyle(cursor)
  // Tags of the request header.
  style.end()
  const fields = known.body(cursor, style)
  style.end()
  if (!cursor.atEnd()) throw new Error(`${sent.apiName} has bytes left over`)
  return { api: sent.apiName, version: sent.apiVersion, ...fields }
}

function readBatch(topic: string, partition: number, bytes: Buffer): SentBatch {
  return {
    topic,
    partition,
    producerId: bytes.readBigInt64BE(43),
    epoch: bytes.readInt16BE(51),
    sequence: bytes.readInt32BE(53),
    count: bytes.readInt32BE(57),
    transactional: (bytes.readInt16BE(21) & 16) !== 0,
    bytes,
  }
}
