// The messages of a destination topic as `process` writes them: the benchmark's calls through the product's own
// translation, with key, headers and partition. One in a hundred bears the mark of those that the stand-in may refuse.
import { systemClock } from '../src/clock.ts'
import type { OutRecord } from '../src/kafka/broker.ts'
import { processRecord, type TopologySettings } from '../src/processor/topology.ts'
import { defaultMappingSettings } from '../src/translate/mapping-table.ts'
import { callLines } from './calls.ts'
import { refusedId } from './message-marks.ts'
import { createRandom } from './random.ts'

export interface FedMessage {
  readonly key: string
  readonly value: Buffer
  readonly headers: Readonly<Record<string, Buffer | string>>
  readonly partition: number
  /** Milliseconds since 1970, as kafkajs takes them. */
  readonly timestamp: string
  readonly refused: boolean
}

const destination = 'cio.pipelines'
const settings: TopologySettings = {
  routes: [{ name: 'main', topic: destination, where: { excludeEmailOnly: false }, integrations: { All: true } }],
  mapping: defaultMappingSettings,
  deadLetterTopic: 'cio.dead-letters',
  unsupportedTopic: 'cio.unsupported',
  partitionOf: (_topic, _key, rawPartition) => rawPartition,
}
const linesABlock = 2_000
const refusedShare = 0.01

/** Messages without end; the same ones each time but for the time, which is now: Kafka deletes old records. */
export function* pipelinesMessages(partitions: number): Generator<FedMessage> {
  const random = createRandom(7)
  for (let from = 0; ; from += linesABlock) {
    const timestamp = systemClock.now()
    for (const [index, line] of callLines(from, linesABlock).entries()) {
      const [partition, offset] = [(from + index) % partitions, Math.floor((from + index) / partitions)]
      const raw = { topic: 'cio.track.raw', partition, offset, timestamp, key: null, headers: [] }
      const { records } = processRecord({ ...raw, value: Buffer.from(line) }, settings)
      const messages = records.filter(({ topic }) => topic === destination)
      for (const message of messages) yield toMessage(message, random.chance(refusedShare))
    }
  }
}

function toMessage({ key, value, headers, partition, timestamp }: OutRecord, refused: boolean): FedMessage {
  const id = String(headers['tb-mid'])
  const marked = refused ? refusedId(id) : id
  return {
    key: String(key),
    value: Buffer.from(String(value).replace(id, marked)),
    headers: { ...headers, 'tb-mid': marked },
    partition,
    timestamp: String(timestamp),
    refused,
  }
}

/** The first `count` messages of which each partition has its even share; what is beyond that is left out. */
export function* evenMessages({ count, partitions }: Record<'count' | 'partitions', number>): Generator<FedMessage> {
  const left = Array.from({ length: partitions }, (_, partition) => Math.ceil((count - partition) / partitions))
  let missing = count
  for (const message of pipelinesMessages(partitions)) {
    if (missing === 0) return
    const room = left[message.partition] ?? 0
    if (room === 0) continue
    left[message.partition] = room - 1
    missing--
    yield message
  }
}
