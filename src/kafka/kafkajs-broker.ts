// The port of broker.ts filled by kafkajs 2.2.4: composes consumer, sessions, producer and admin. In: settings, log, clock.
// Rules: spec kafka.md. Nothing is connected until something is asked for; whoever opens closes.
import type { Clock } from '../clock.ts'
import type { TrackbridgeError } from '../errors.ts'
import type { Log } from '../ops/log.ts'
import type { Broker } from './broker.ts'
import { createCluster } from './cluster.ts'
import { createKafka, type ConnectionSettings } from './connection.ts'
import { explainConnection } from './connection-diagnosis.ts'
import { openHistoryReader } from './history-reader.ts'
import { identityOf } from './identity.ts'
import { createKafkajsAdmin } from './kafkajs-admin.ts'
import { createAtLeastOnceSession } from './at-least-once-session.ts'
import { createKafkajsConsumer } from './kafkajs-consumer.ts'
import { createExactlyOnceSession } from './exactly-once-session.ts'
import { createGroupCommit, type GroupCommit } from './group-commit.ts'
import { createPlainProducer } from './plain-producer.ts'
import { createRecordsTransactions } from './records-transactions.ts'
import { createBatchLimits } from './record-writer.ts'
import type { OnTransaction } from './transactional-producer.ts'
import { createBatchEncoder } from './wire/record-batch-encoder.ts'
import { partitionForKey } from './kafkajs.ts'

/** A Broker over one cluster. Faults are TrackbridgeErrors with TB_KAFKA_* codes. Throws nothing itself. */
export function createKafkajsBroker(
  settings: ConnectionSettings,
  log: Log,
  clock: Clock,
  onTransaction?: OnTransaction,
): Broker {
  // Consumers have clients of their own: kafkajs keeps one map of committed offsets per client.
  const kafka = createKafka(settings, log)
  const identity = identityOf(settings)
  const explain = (fault: TrackbridgeError): Promise<TrackbridgeError> => explainConnection(settings, fault)
  const deps = {
    cluster: createCluster(kafka, { log, clock, identity, explain }),
    encode: createBatchEncoder(settings.compression),
    limits: createBatchLimits(),
    log,
    clock,
    ...(onTransaction === undefined ? {} : { onTransaction }),
  }
  const groupCommits = new Map<string, GroupCommit>()
  const groupCommitOf = (group: string): GroupCommit => {
    const known = groupCommits.get(group) ?? createGroupCommit()
    groupCommits.set(group, known)
    return known
  }
  return {
    admin: () => createKafkajsAdmin({ kafka, log, clock, identity, explain }),
    consume: (options, handlers) => createKafkajsConsumer({ settings, log, clock }, options, handlers),
    session: (options) =>
      options.delivery === 'exactly-once'
        ? createExactlyOnceSession(deps, options, options.commit === 'group' ? groupCommitOf(options.group) : undefined)
        : createAtLeastOnceSession(deps, options),
    transactions: (owner, transactionalId, transactionTimeoutMs) =>
      createRecordsTransactions(deps, { owner, transactionalId, transactionTimeoutMs }),
    producer: () => createPlainProducer(deps),
    history: (options) => openHistoryReader({ ...deps, ...options }),
    partitionForKey,
  }
}
