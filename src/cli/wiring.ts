// Where the real adapters meet the command line: Kafka, the API, the log, the clock. Tests bring their own.
import { systemClock } from '../clock.ts'
import { createLog } from '../ops/log.ts'
import type { Output } from './output.ts'
import { probeEndpoint } from './run/endpoint-settings.ts'
import type { ProgramContext } from './program.ts'

/** The context of a real run. `signal` aborts on SIGINT and SIGTERM. */
export function createContext(output: Output, signal: AbortSignal): ProgramContext {
  return {
    output,
    signal,
    clock: systemClock,
    createLog,
    // kafkajs takes a while to load, and not every command needs it.
    createBroker: async (settings, log, clock, onTransaction) => {
      const { createKafkajsBroker } = await import('../kafka/kafkajs-broker.ts')
      return createKafkajsBroker(settings, log, clock, onTransaction)
    },
    probe: probeEndpoint,
    stdin: () => process.stdin,
  }
}
