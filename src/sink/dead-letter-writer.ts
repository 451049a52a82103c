// Dead letters of the sink -> the dead-letter topic. In: what failed and why. Out: acknowledged records (acks=all), or an
// error that says whether to try again. Ruled by sink.md, "Behaviour", and kafka.md, "Topics".
import { TrackbridgeError } from '../errors.ts'
import type { OutRecord, Producer } from '../kafka/broker.ts'
import { deadLetterRecord, type DeadLetterInput, type EncodeDeadLetter } from '../records/dead-letter.ts'

export interface DeadLetterTopic {
  readonly topic: string
  readonly partitions: number
  /** How they are encoded, asked for when there is one to write; absent: as JSON. Rejects as `WriteDeadLetters` does. */
  readonly encoder?: () => Promise<EncodeDeadLetter>
}

/** Resolves when all are acknowledged. Rejects with an error of reaction `retry` when Kafka or the schema registry cannot
 *  take them for now, with TB_KAFKA_UNAUTHORIZED while it is denied, else with TB_DEAD_LETTER_REFUSED: too large for the
 *  topic. A repeat may write some of them twice. */
export type WriteDeadLetters = (letters: readonly DeadLetterInput[]) => Promise<void>

/** A dead letter goes to the partition number of its source, modulo the topic's count: order and place stay traceable. */
export function createDeadLetterWriter(producer: Pick<Producer, 'send'>, where: DeadLetterTopic): WriteDeadLetters {
  const toRecord = (letter: DeadLetterInput, encode: EncodeDeadLetter | undefined): OutRecord => ({
    ...deadLetterRecord(letter, encode),
    topic: where.topic,
    partition: partitionOf(letter, where),
    timestamp: letter.source.timestamp,
  })
  const write = async (letters: readonly DeadLetterInput[]): Promise<void> => {
    try {
      const encode = await where.encoder?.()
      await producer.send(letters.map((letter) => toRecord(letter, encode)))
    } catch (error) {
      if (!isTooLarge(error) && isMendable(error)) throw error
      if (!isTooLarge(error) || letters.length === 1) throw refused(letters, where, error)
      // Together they are too large for the topic; each of them may fit.
      for (const letter of letters) await write([letter])
    }
  }
  return write
}

const partitionOf = ({ source }: DeadLetterInput, { partitions }: Pick<DeadLetterTopic, 'partitions'>): number =>
  source.partition % partitions

interface Waiting {
  readonly letters: readonly DeadLetterInput[]
  readonly end: PromiseWithResolvers<void>
}

/** The same for letters of many partitions that come at the same time: of those that go to the same partition of the
 *  dead-letter topic, what comes while one write is under way goes together in the next one, for a write costs much the
 *  same for one letter as for a hundred. One that is refused for good fails alone. */
export function writeTogether(write: WriteDeadLetters, where: Pick<DeadLetterTopic, 'partitions'>): WriteDeadLetters {
  const lanes = new Map<number, WriteDeadLetters>()
  return async (letters) => {
    const [first] = letters
    if (first === undefined) return
    const lane = partitionOf(first, where)
    const writeInLane = lanes.get(lane) ?? createLane(write)
    lanes.set(lane, writeInLane)
    await writeInLane(letters)
  }
}

function createLane(write: WriteDeadLetters): WriteDeadLetters {
  let waiting: Waiting[] = []
  let isWriting = false
  const writeWaiting = async (): Promise<void> => {
    if (isWriting) return
    isWriting = true
    while (waiting.length > 0) {
      const taken = waiting
      waiting = []
      await writeAll(write, taken)
    }
    isWriting = false
  }
  return (letters) => {
    const end = Promise.withResolvers<void>()
    waiting.push({ letters, end })
    void writeWaiting()
    return end.promise
  }
}

async function writeAll(write: WriteDeadLetters, taken: readonly Waiting[]): Promise<void> {
  try {
    await write(taken.flatMap(({ letters }) => letters))
    for (const { end } of taken) end.resolve()
  } catch (error) {
    if (taken.length === 1 || isMendable(error)) for (const { end } of taken) end.reject(error)
    else for (const one of taken) await writeAll(write, [one])
  }
}

/** By time, or by somebody who grants what is denied. */
export const isMendable = (error: unknown): error is TrackbridgeError =>
  error instanceof TrackbridgeError && (error.reaction === 'retry' || error.code === 'TB_KAFKA_UNAUTHORIZED')

const isTooLarge = (error: unknown): boolean => error instanceof TrackbridgeError && error.code === 'TB_KAFKA_TOO_LARGE'

function refused(letters: readonly DeadLetterInput[], where: DeadLetterTopic, cause: unknown): TrackbridgeError {
  const source = letters[0]?.source
  const found = cause instanceof Error ? cause.message : String(cause)
  return new TrackbridgeError(
    'TB_DEAD_LETTER_REFUSED',
    `topic "${where.topic}" does not take the dead letter of ${source?.topic}:${source?.partition}:${source?.offset}: ${found}`,
    {
      context: source ? { topic: source.topic, partition: source.partition, offset: source.offset } : {},
      cause,
    },
  )
}
