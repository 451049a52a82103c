// Bytes of a Kafka connection -> whole frames, and what the head of a request tells. Pure. A frame is a length (int32) and
// so many bytes; a request begins with api key, version (int16 each), correlation id (int32) and client id (nullable text),
// an answer with the correlation id. Test support.

/** Requests that faults can be set for, by the number they bear on the wire. */
export const apiKeys = {
  Produce: 0,
  Fetch: 1,
  ListOffsets: 2,
  Metadata: 3,
  OffsetCommit: 8,
  OffsetFetch: 9,
  FindCoordinator: 10,
  JoinGroup: 11,
  Heartbeat: 12,
  LeaveGroup: 13,
  SyncGroup: 14,
  ApiVersions: 18,
  InitProducerId: 22,
  AddPartitionsToTxn: 24,
  AddOffsetsToTxn: 25,
  EndTxn: 26,
  TxnOffsetCommit: 28,
} as const satisfies Readonly<Record<string, number>>

export type ApiName = keyof typeof apiKeys

/** `{ apiKey: 26, apiVersion: 1, correlationId: 7, clientId: 'trackbridge' }` */
export interface RequestHead {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
}

const lengthBytes = 4

/** A function that takes the chunks of one direction of one connection, cut anywhere, and gives the frames that are
 *  complete with each, length included. Throws on a negative length: the bytes are not Kafka's. */
export function createFrameSplitter(): (chunk: Buffer) => readonly Buffer[] {
  let waiting: Buffer[] = []
  let waitingBytes = 0
  let neededBytes = lengthBytes
  return (chunk) => {
    waiting.push(chunk)
    waitingBytes += chunk.length
    if (waitingBytes < neededBytes) return []
    // Only now: a large frame comes in many chunks, and joining them one by one would copy it as often.
    let rest = waiting.length === 1 ? chunk : Buffer.concat(waiting)
    const frames: Buffer[] = []
    for (;;) {
      neededBytes = frameBytes(rest)
      if (rest.length < neededBytes) break
      frames.push(rest.subarray(0, neededBytes))
      rest = rest.subarray(neededBytes)
    }
    waiting = rest.length === 0 ? [] : [rest]
    waitingBytes = rest.length
    return frames
  }
}

/** Bytes of the frame that `bytes` begins with, or of its length while that is not complete. */
function frameBytes(bytes: Buffer): number {
  if (bytes.length < lengthBytes) return lengthBytes
  const length = bytes.readInt32BE(0)
  if (length < 0) throw new Error(`a frame of ${length} bytes is no frame of Kafka's`)
  return lengthBytes + length
}

/** The head of a request frame. */
export function readRequestHead(frame: Buffer): RequestHead {
  const nameBytes = frame.length >= 14 ? frame.readInt16BE(12) : -1
  return {
    apiKey: frame.readInt16BE(4),
    apiVersion: frame.readInt16BE(6),
    correlationId: frame.readInt32BE(8),
    clientId: nameBytes < 0 ? null : frame.toString('utf8', 14, 14 + nameBytes),
  }
}

/** The correlation id of an answer frame. */
export function readCorrelationId(frame: Buffer): number {
  return frame.readInt32BE(4)
}
