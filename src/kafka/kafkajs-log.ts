// kafkajs's log -> ours. It shouts about what is part of normal life (rebalances, retries, moved leaders), and what
// matters reaches callers as an error anyway: so its errors become warnings, known normal ones and the rest debug lines.
import type { LogEntry, logCreator } from 'kafkajs'
import type { Log, LogFields } from '../ops/log.ts'

// Said elsewhere by us, or part of normal life.
const ordinary: readonly RegExp[] = [
  /^Response /,
  /^Crash: /,
  /^Restarting the consumer/,
  /^Error when calling eachBatch/,
  /^Offset out of range/,
  /^Failed to send messages/,
  /^Connection error/,
  /^Failed to connect to/,
  /rebalanc/i,
  /rejoin|re-join/i,
  /not the leader|no leader for this topic-partition/i,
  /coordinator/i,
]

/** A log creator for kafkajs that writes to `log`; `onEntry` sees every entry first. */
export function createLogCreator(log: Log, onEntry?: (entry: LogEntry) => void): logCreator {
  return () => (entry) => {
    onEntry?.(entry)
    const { message } = entry.log
    const loud = entry.label === 'ERROR' && !ordinary.some((pattern) => pattern.test(message))
    if (loud) log.warn(fieldsOf(entry), 'the Kafka client reports a fault')
    else log.debug(fieldsOf(entry), 'the Kafka client reports')
  }
}

// Named fields only: entries also carry stacks and whatever a caller passed.
function fieldsOf({ namespace, log }: LogEntry): LogFields {
  const { message, broker, topic, partition, groupId, error } = log
  const named = { broker, topic, partition, group: groupId, error: typeof error === 'string' ? error : undefined }
  const present = Object.entries(named).filter(([, value]) => typeof value === 'string' || typeof value === 'number')
  return { from: `kafkajs ${namespace}`.trim(), said: firstLine(message), ...Object.fromEntries(present) }
}

function firstLine(message: unknown): string {
  return String(message).split('\n', 1)[0] ?? ''
}
