// Disconnects a kafkajs client without waiting for ever and without failing: kafkajs waits for requests that may never be
// answered. In: a client. Out: a settled promise; what went wrong is a debug line.
import type { Clock } from '../clock.ts'
import type { Log } from '../ops/log.ts'
import { within } from './deadline.ts'
import { toTrackbridgeError } from './kafkajs-errors.ts'

const timeoutMs = 5_000

/** Resolves when the client is disconnected, or after 5 s. Never rejects. */
export async function disconnectQuietly(
  client: { disconnect(): Promise<void> },
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<void> {
  const tried = 'disconnect from Kafka'
  try {
    await within(client.disconnect(), { timeoutMs, tried, clock })
  } catch (error) {
    log.debug({ error: toTrackbridgeError(error, tried).message }, 'a Kafka client did not disconnect in order')
  }
}
