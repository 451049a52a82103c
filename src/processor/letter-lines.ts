// What the log says, at debug level, of a raw record that becomes a dead letter: where it stands, whose it is and why.
// In: the record and what became of it. Out: at most one line a reason.
import type { ConsumerRecord, TopicPartition } from '../kafka/broker.ts'
import type { Log } from '../ops/log.ts'
import type { Processed } from './topology.ts'

/** `person` is the record's key, which raw topics have by person; the log hashes it. */
export function tellLetters(
  log: Log,
  { topic, partition, offset, key: person }: ConsumerRecord & TopicPartition,
  { faults = [] }: Processed,
): void {
  for (const { slot, reason } of faults)
    if (slot === 'dead-letter') log.debug({ topic, partition, offset, person, reason }, 'a raw record is a dead letter')
}
