// What a process knows of itself: counts, positions of its groups, traces, and whether Kafka answers. In: the clock, a way
// to open the broker. Out: the parts that engines are given, and what the ops server reads.
import type { Clock } from '../../clock.ts'
import type { Broker } from '../../kafka/broker.ts'
import type { OnTransaction } from '../../kafka/transactional-producer.ts'
import { createMeterStore, type MeterStore } from '../../ops/meter-store.ts'
import type { Reading } from '../../ops/meter.ts'
import { measureProcess } from '../../ops/process-figures.ts'
import { createTracing, type Tracing } from '../../ops/tracing.ts'
import { createGroupProgress, type GroupProgress } from './group-progress.ts'
import { meteredBroker, transactionCounter } from './metered-broker.ts'
import { packageVersion } from '../version.ts'

export interface Telemetry {
  /** Metered. */
  readonly broker: Broker
  readonly clock: Clock
  readonly meter: MeterStore
  readonly tracing: Tracing
  readonly progress: GroupProgress
}

/** `worker`: number of this process among those of --workers, 0 for the one that people ask; null: nobody asks for its
 *  memory and event loop. */
export async function createTelemetry(
  openBroker: (onTransaction: OnTransaction) => Promise<Broker>,
  clock: Clock,
  { worker }: { readonly worker: number | null },
): Promise<Telemetry> {
  const meter = createMeterStore()
  const progress = createGroupProgress()
  const tracing = createTracing(packageVersion())
  const broker = await openBroker(transactionCounter(meter))
  if (worker !== null) meter.onSnapshot(measureProcess(worker))
  meter.onSnapshot((reading) => readGroups(progress, clock.now(), reading))
  return { broker: meteredBroker(broker, { clock, meter, progress, tracing }), clock, meter, tracing, progress }
}

function readGroups(progress: GroupProgress, nowMs: number, reading: Reading): void {
  for (const { group, partitions } of progress.reports()) {
    reading.set('trackbridge_assigned_partitions', { group }, partitions.length)
    for (const { topic, partition, lag } of partitions)
      if (lag !== null) reading.set('trackbridge_lag_records', { group, topic, partition: String(partition) }, lag)
    for (const [topic, own] of Map.groupBy(partitions, (one) => one.topic)) {
      const ages = own.map(({ oldestMs }) => (oldestMs === null ? 0 : Math.max(0, nowMs - oldestMs) / 1_000))
      reading.set('trackbridge_oldest_record_age_seconds', { group, topic }, Math.max(...ages))
    }
  }
}
