// Reads a group's committed offset of one partition. One admin client serves all sessions of a broker object: it is
// opened with the first and closed with the last of them.
import type { Admin as KafkajsAdmin, Kafka } from 'kafkajs'
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { Log } from '../ops/log.ts'
import type { TopicPartition } from './broker.ts'
import { within } from './deadline.ts'
import { toOffset } from './kafkajs-batch.ts'
import { disconnectQuietly } from './kafkajs-disconnect.ts'
import { toTrackbridgeError } from './kafkajs-errors.ts'

export interface CommittedOffsets {
  /** Counts a user in; the first one connects. Rejects with TB_KAFKA_* and then counts nobody in. */
  open(): Promise<void>
  /** The offset as Kafka knows it now; null when there is none. Rejects with TB_KAFKA_*. */
  read(group: string, source: TopicPartition): Promise<number | null>
  /** Counts a user out; the last one disconnects. Never rejects. */
  close(): Promise<void>
}

const callTimeoutMs = 30_000

/** Nothing is connected yet. */
export function createCommittedOffsets(
  kafka: Kafka,
  deps: { readonly log: Log; readonly clock: Clock },
): CommittedOffsets {
  let users = 0
  let admin: Promise<KafkajsAdmin> | undefined
  const close = async (): Promise<void> => {
    users -= 1
    if (users > 0 || admin === undefined) return
    const closing = admin
    admin = undefined
    await disconnectQuietly(await closing, deps)
  }
  return {
    async open() {
      users += 1
      const opening = (admin ??= connect(kafka))
      try {
        await opening
      } catch (error) {
        // All who waited for this connection fail with it; the next one tries afresh.
        if (admin === opening) admin = undefined
        users -= 1
        throw toTrackbridgeError(error, 'connect to read committed offsets')
      }
    },
    async read(group, source) {
      const tried = `read the committed offset of group ${group} for ${source.topic}/${source.partition}`
      if (admin === undefined) throw new TrackbridgeError('TB_BUG', 'committed offsets are read before they are opened')
      try {
        const client = await admin
        const limit = { timeoutMs: callTimeoutMs, tried, clock: deps.clock }
        const answer = await within(client.fetchOffsets({ groupId: group, topics: [source.topic] }), limit)
        return findOffset(answer, source, tried)
      } catch (error) {
        throw toTrackbridgeError(error, tried, source)
      }
    },
    close,
  }
}

async function connect(kafka: Kafka): Promise<KafkajsAdmin> {
  const admin = kafka.admin()
  await admin.connect()
  return admin
}

type FetchedOffsets = Awaited<ReturnType<KafkajsAdmin['fetchOffsets']>>

function findOffset(answer: FetchedOffsets, { topic, partition }: TopicPartition, tried: string): number | null {
  const found = answer.find((one) => one.topic === topic)?.partitions.find((one) => one.partition === partition)
  if (found === undefined) {
    throw new TrackbridgeError('TB_KAFKA_UNAVAILABLE', `cannot ${tried}: the answer does not name the partition`)
  }
  const offset = toOffset(found.offset)
  // -1 is none; kafkajs commits -2 when it resets a partition, which says "from the earliest" and is none as well.
  return offset < 0 ? null : offset
}

const readGapMs = 100
const readLimit = 20

/** Reads until two reads in a row agree, 100 ms apart: on older brokers an offset committed by a transaction appears a
 *  moment after the transaction ended. Rejects with TB_KAFKA_* after 20 reads that never agreed. */
export async function readStableOffset(read: () => Promise<number | null>, clock: Clock): Promise<number | null> {
  let last = await read()
  for (let reads = 1; reads < readLimit; reads += 1) {
    await clock.sleep(readGapMs)
    const next = await read()
    if (next === last) return next
    last = next
  }
  throw new TrackbridgeError(
    'TB_KAFKA_UNAVAILABLE',
    'the committed offset does not come to rest: another owner is at work',
  )
}
