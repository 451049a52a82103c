// An admin that asks again while Kafka answers with a fault that passes by itself: a broker that has just started loads its
// groups for a while, and a replay should not fail for that. In: the admin port. Out: the same port.
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { Admin } from '../kafka/broker.ts'

const patienceMs = 30_000
const firstDelayMs = 250
const longestDelayMs = 4_000

/** Methods about groups and offsets try for 30 seconds, then reject with the last fault; at once when `signal` aborts. */
export function patientAdmin(admin: Admin, clock: Clock, signal: AbortSignal): Admin {
  const patiently = async <T>(ask: () => Promise<T>): Promise<T> => {
    const untilMs = clock.now() + patienceMs
    for (let delayMs = firstDelayMs; ; delayMs = Math.min(2 * delayMs, longestDelayMs)) {
      try {
        return await ask()
      } catch (error) {
        const isPassing = error instanceof TrackbridgeError && error.code === 'TB_KAFKA_UNAVAILABLE'
        if (!isPassing || signal.aborted || clock.now() + delayMs > untilMs) throw error
      }
      await clock.sleep(delayMs, signal)
    }
  }
  return {
    ...admin,
    watermarks: (topic) => patiently(() => admin.watermarks(topic)),
    offsetsSince: (topic, timestampMs) => patiently(() => admin.offsetsSince(topic, timestampMs)),
    groupOffsets: (group, topic) => patiently(() => admin.groupOffsets(group, topic)),
    groupCommits: (group, topic) => patiently(() => admin.groupCommits(group, topic)),
    commitOffsets: (group, topic, offsets) => patiently(() => admin.commitOffsets(group, topic, offsets)),
  }
}
