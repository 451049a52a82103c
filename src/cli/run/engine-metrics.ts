// Totals that engines keep by themselves -> metrics, read when somebody asks. In: their status. Out: values set.
import type { Config } from '../../config/schema.ts'
import type { Reading } from '../../ops/meter.ts'
import type { ProcessorStatus } from '../../processor/processor.ts'
import type { DestinationStatus } from '../../sink/destination.ts'

type Named = Pick<Config, 'destinations'> & { readonly group: string }

/** Sets what the stream processor has counted. */
export function readProcessor(reading: Reading, { counts, topics, stuck }: ProcessorStatus, config: Named): void {
  for (const [topic, { raw }] of Object.entries(topics)) reading.set('trackbridge_records_read_total', { topic }, raw)
  const { translated, unsupported, deadLetters: dead_letter, skipped } = counts
  for (const [outcome, records] of Object.entries({ translated, unsupported, dead_letter, skipped }))
    reading.set('trackbridge_outcomes_total', { outcome }, records)
  for (const [topic, records] of Object.entries(counts.written))
    reading.set('trackbridge_records_written_total', { topic }, records)
  for (const { name: destination, topic } of config.destinations)
    for (const [type, messages] of Object.entries(counts.types[topic] ?? {}))
      reading.set('trackbridge_messages_written_total', { destination, type }, messages)
  for (const [reason, records] of Object.entries(counts.reasons['unsupported'] ?? {}))
    reading.set('trackbridge_unsupported_total', { reason }, records)
  for (const [reason, records] of Object.entries(counts.reasons['dead-letter'] ?? {}))
    reading.set('trackbridge_dead_letters_total', { stage: 'process', reason }, records)
  reading.set('trackbridge_messages_unrouted_total', {}, counts.unrouted)
  reading.set('trackbridge_stopped_partitions', { group: config.group }, stuck.size)
}

/** Sets what the sink has counted. */
export function readSink(reading: Reading, destinations: readonly DestinationStatus[]): void {
  for (const { destination, counters } of destinations) {
    reading.set('trackbridge_http_retries_total', { destination }, counters.retries)
    reading.set('trackbridge_http_in_flight', { destination }, counters.inFlight)
    reading.set('trackbridge_buffer_bytes', { destination }, counters.bufferedBytes)
  }
}
