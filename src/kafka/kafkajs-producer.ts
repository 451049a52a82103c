// The port's Producer: plain, acks=all, for records outside of transactions (dead letters of the sink, tools). One record
// may be written twice after a fault, none is lost. kafkajs's own retries are off; see produce-batch.ts for why.
import type { Kafka } from 'kafkajs'
import type { Clock } from '../clock.ts'
import type { Log } from '../ops/log.ts'
import type { OutRecord, Producer } from './broker.ts'
import { compressionType, type ConnectionSettings } from './connection.ts'
import { disconnectQuietly } from './kafkajs-disconnect.ts'
import { toTrackbridgeError } from './kafkajs-errors.ts'
import { explicitPartitioner, requireCoverage, toTopicMessages } from './produce-batch.ts'

export interface ProducerDeps {
  readonly kafka: Kafka
  readonly compression: ConnectionSettings['compression']
  readonly log: Log
  readonly clock: Clock
}

const attempts = 8
const firstBackoffMs = 100
const longestBackoffMs = 5_000

/** Connects. `send` tries a passing fault eight times within about 12 s plus the requests' own time. Rejects with
 *  TB_KAFKA_*. */
export async function createKafkajsProducer({ kafka, compression, log, clock }: ProducerDeps): Promise<Producer> {
  const producer = kafka.producer({
    retry: { retries: 0 },
    allowAutoTopicCreation: false,
    createPartitioner: explicitPartitioner,
  })
  try {
    await producer.connect()
  } catch (error) {
    await disconnectQuietly(producer, { clock, log })
    throw toTrackbridgeError(error, 'open a producer')
  }
  const sendOnce = async (records: readonly OutRecord[]): Promise<void> => {
    const topicMessages = toTopicMessages(records)
    requireCoverage(
      records,
      await producer.sendBatch({ acks: -1, compression: compressionType(compression), topicMessages }),
    )
  }
  return {
    async send(records) {
      if (records.length === 0) return
      for (let attempt = 1; ; attempt += 1) {
        try {
          await sendOnce(records)
          return
        } catch (error) {
          const fault = toTrackbridgeError(error, `write to ${topicsOf(records)}`)
          if (fault.code !== 'TB_KAFKA_UNAVAILABLE' || attempt >= attempts) throw fault
          const delayMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (attempt - 1))
          log.debug({ attempt, delayMs, error: fault.message }, 'records were not written and are sent again')
          await clock.sleep(delayMs)
        }
      }
    },
    close: () => disconnectQuietly(producer, { clock, log }),
  }
}

function topicsOf(records: readonly OutRecord[]): string {
  return [...new Set(records.map(({ topic }) => topic))].join(', ')
}
