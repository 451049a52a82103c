// The port of broker.ts filled by kafkajs 2.2.4: composes consumer, sessions, producer and admin. In: settings, log, clock.
// Rules: spec kafka.md. Nothing is connected until something is asked for; whoever opens closes.
import type { Clock } from '../clock.ts'
import type { Log } from '../ops/log.ts'
import type { Broker } from './broker.ts'
import { createCommittedOffsets } from './committed-offsets.ts'
import { createKafka, type ConnectionSettings } from './connection.ts'
import { createKafkajsAdmin } from './kafkajs-admin.ts'
import { createAtLeastOnceSession } from './kafkajs-at-least-once.ts'
import { createKafkajsConsumer } from './kafkajs-consumer.ts'
import { createKafkajsProducer } from './kafkajs-producer.ts'
import { createExactlyOnceSession } from './kafkajs-session.ts'
import { partitionForKey } from './kafkajs.ts'

/** A Broker over one cluster. Faults are TrackbridgeErrors with TB_KAFKA_* codes. Throws nothing itself. */
export function createKafkajsBroker(settings: ConnectionSettings, log: Log, clock: Clock): Broker {
  // Consumers have clients of their own: kafkajs keeps one map of committed offsets per client, and a transaction writes
  // its offsets there before it commits.
  const kafka = createKafka(settings, log)
  const { compression } = settings
  const committedOffsets = createCommittedOffsets(kafka, { log, clock })
  const sessionDeps = { kafka, committedOffsets, compression, log, clock }
  return {
    admin: () => createKafkajsAdmin({ kafka, log, clock }),
    consume: (options, handlers) => createKafkajsConsumer({ settings, log, clock }, options, handlers),
    session: (options) =>
      options.delivery === 'exactly-once'
        ? createExactlyOnceSession(sessionDeps, options)
        : createAtLeastOnceSession(sessionDeps, options),
    producer: () => createKafkajsProducer({ kafka, compression, log, clock }),
    partitionForKey,
  }
}
