// A broker that tells what passes: assignments, positions, time from the raw record to its commit, a span a chunk. In: a
// broker. Out: the same broker. What it does costs as much for a chunk of one record as for one of thousands.
import type { Clock } from '../../clock.ts'
import type { Broker, ConsumeHandlers, Consumer, OutRecord, Session, SessionOptions, Unit } from '../../kafka/broker.ts'
import type { OnTransaction } from '../../kafka/transactional-producer.ts'
import type { Meter } from '../../ops/meter.ts'
import type { Tracing } from '../../ops/tracing.ts'
import type { GroupProgress } from './group-progress.ts'

export interface BrokerMeters {
  readonly clock: Clock
  readonly meter: Meter
  readonly progress: GroupProgress
  readonly tracing: Tracing
}

/** The broker, metered. */
export const meteredBroker = (broker: Broker, meters: BrokerMeters): Broker => ({
  ...broker,
  consume: async (options, handlers) =>
    meteredConsumer(await broker.consume(options, watched(handlers, options.group, meters)), options.group, meters),
  session: (options) => meteredSession(broker.session(options), options, meters),
})

/** Counts transactions, for createKafkajsBroker. */
export const transactionCounter =
  (meter: Meter): OnTransaction =>
  ({ result, tookMs }) => {
    const end = result.ok ? 'committed' : result.outcome === 'unknown' ? 'unknown' : result.reason.replaceAll('-', '_')
    meter.add('trackbridge_transactions_total', { result: end })
    const seconds = tookMs / 1_000
    meter.observe('trackbridge_transaction_seconds', {}, { fromSeconds: seconds, toSeconds: seconds, times: 1 })
  }

function watched(handlers: ConsumeHandlers, group: string, { meter, progress }: BrokerMeters): ConsumeHandlers {
  return {
    onAssignment(partitions) {
      meter.add('trackbridge_rebalances_total', { group })
      progress.assigned(group, partitions)
      handlers.onAssignment(partitions)
    },
    onBatch(batch, context) {
      progress.fetched(group, batch)
      return handlers.onBatch(batch, context)
    },
  }
}

const meteredConsumer = (consumer: Consumer, group: string, { progress }: BrokerMeters): Consumer => ({
  ...consumer,
  async commit(offsets) {
    await consumer.commit(offsets)
    for (const { next, ...partition } of offsets) progress.done(group, partition, next)
  },
})

function meteredSession(session: Session, { group, source }: SessionOptions, meters: BrokerMeters): Session {
  const { tracing, progress } = meters
  const commit = async (unit: Unit) => {
    const result = await session.commit(unit)
    if (result.ok) {
      progress.done(group, source, unit.next)
      observe(unit.records, meters)
    }
    return result
  }
  if (!tracing.isOn) return { ...session, commit }
  return {
    ...session,
    commit(unit) {
      const { topic, partition } = source
      const attributes = { group, topic, partition, records: unit.records.length }
      const causes = (): readonly string[] => unit.records.flatMap(traceparentOf)
      const options = { name: 'trackbridge chunk', kind: 'internal', attributes, causes } as const
      return tracing.span({ ...options, fault: (end) => (end.ok ? undefined : end.reason) }, () => commit(unit))
    },
  }
}

function observe(records: readonly OutRecord[], { clock, meter }: BrokerMeters): void {
  const [first, last] = [records[0], records.at(-1)]
  if (first === undefined || last === undefined) return
  const since = ({ timestamp }: OutRecord): number => (clock.now() - timestamp) / 1_000
  const spread = { fromSeconds: since(last), toSeconds: since(first), times: records.length }
  meter.observe('trackbridge_raw_to_topic_seconds', {}, spread)
}

const traceparentOf = ({ headers }: OutRecord): readonly string[] =>
  headers['traceparent'] === undefined ? [] : [String(headers['traceparent'])]
