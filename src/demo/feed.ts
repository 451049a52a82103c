// Raw calls -> the raw topic, at an even pace, each on the partition of its person.
import type { OutRecord } from '../kafka/broker.ts'
import type { Stage } from './stage.ts'
import { demoPartitions } from './demo-config.ts'

export interface FedCall {
  readonly key: string
  readonly value: string
}

const chunkCalls = 100

/** Hands one call to Kafka; resolves when Kafka has it. Its `traceparent` goes into what it becomes. */
export async function feedOne(stage: Stage, call: FedCall, traceparent: string): Promise<void> {
  await stage.producer.send([{ ...toRecord(stage, call), headers: { traceparent } }])
}

/** Feeds all calls, `callsPerSecond` at most. `onFed` gets the number of calls after each chunk. */
export async function feedAll(
  stage: Stage,
  calls: Iterable<FedCall>,
  { callsPerSecond, onFed }: { readonly callsPerSecond: number; readonly onFed: (count: number) => void },
): Promise<void> {
  const { clock, signal, producer } = stage
  const startedAtMs = clock.now()
  let fed = 0
  let chunk: OutRecord[] = []
  const flush = async (): Promise<void> => {
    signal.throwIfAborted()
    await producer.send(chunk)
    fed += chunk.length
    onFed(chunk.length)
    chunk = []
    const dueMs = startedAtMs + (fed / callsPerSecond) * 1000
    if (dueMs > clock.now()) await clock.sleep(dueMs - clock.now(), signal)
  }
  for (const call of calls) {
    chunk.push(toRecord(stage, call))
    if (chunk.length >= chunkCalls) await flush()
  }
  if (chunk.length > 0) await flush()
}

function toRecord({ broker, clock, topics }: Stage, { key, value }: FedCall): OutRecord {
  const partition = broker.partitionForKey(key, demoPartitions)
  return { topic: topics.raw, partition, key, value, timestamp: clock.now(), headers: {} }
}
