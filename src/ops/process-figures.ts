// Memory and event loop of this process, for the metrics. Costs a timer of 20 ms.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Reading } from './meter.ts'

const resolutionMs = 20

/** Begins to measure; the result sets the figures of now, as those of `worker`. */
export function measureProcess(worker: number): (reading: Reading) => void {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs })
  delays.enable()
  return (reading) => {
    const labels = { worker: String(worker) }
    // It measures from one tick of its timer to the next; nothing measured yet: 0.
    const seconds = Math.max(0, delays.max / 1e9 - resolutionMs / 1e3)
    delays.reset()
    reading.set('trackbridge_event_loop_delay_seconds', labels, seconds)
    reading.set('trackbridge_process_memory_bytes', labels, process.memoryUsage.rss())
  }
}
