// The port's Producer: plain, acks=all, for records outside of transactions (dead letters of the sink, tools). One record
// may be written twice after a fault, none is lost.
import type { Log } from '../ops/log.ts'
import { onTopic } from './access.ts'
import type { OutRecord, Producer } from './broker.ts'
import { withNeeds } from './denial.ts'
import { toTrackbridgeError } from './kafkajs-errors.ts'
import { partitionKey } from './kafkajs-batch.ts'
import { openRecordProducer, type RecordProducer } from './record-producer.ts'
import type { WriterDeps } from './record-writer.ts'

export interface PlainProducerDeps extends WriterDeps {
  readonly log: Log
}

const attempts = 8
const firstBackoffMs = 100
const longestBackoffMs = 5_000

/** Connects. `send` tries a passing fault eight times within about 12 s plus the requests' own time. Rejects with
 *  TB_KAFKA_*. */
export async function createPlainProducer(deps: PlainProducerDeps): Promise<Producer> {
  const producer = await openRecordProducer(deps)
  return {
    async send(records) {
      // One partition at a time: what one has acknowledged is not sent again because another one refuses.
      for (const ofPartition of Map.groupBy(records, partitionKey).values())
        await sendToPartition(deps, producer, ofPartition)
    },
    close: () => producer.close(),
  }
}

async function sendToPartition(
  { cluster, clock, log }: PlainProducerDeps,
  producer: RecordProducer,
  records: readonly OutRecord[],
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await producer.write(records)
      return
    } catch (error) {
      const access = topicsOf(records).map((topic) => onTopic('Write', topic))
      const fault = toTrackbridgeError(
        withNeeds(error, { identity: cluster.identity, access }),
        `write to ${topicsOf(records).join(', ')}`,
      )
      if (fault.code !== 'TB_KAFKA_UNAVAILABLE' || attempt >= attempts) throw fault
      const delayMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (attempt - 1))
      log.debug({ attempt, delayMs, error: fault.message }, 'records were not written and are sent again')
      await clock.sleep(delayMs)
      await cluster.refresh().catch(() => undefined)
    }
  }
}

function topicsOf(records: readonly OutRecord[]): readonly string[] {
  return [...new Set(records.map(({ topic }) => topic))]
}
