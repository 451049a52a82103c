// One contender in a process of its own. Arguments: its name, its job as JSON. Started by children.ts; tells snapshots
// over the channel to its parent and ends when the job is done or the parent says so.
import { systemClock } from '../src/clock.ts'
import type { Job, Open, Running, Snapshot } from './contenders/contender.ts'

const contenders: Readonly<Record<string, () => Promise<{ readonly open: Open }>>> = {
  product: () => import('./contenders/product.ts'),
  copy: () => import('./contenders/copy.ts'),
  replay: () => import('./contenders/replay.ts'),
  kafkajs: () => import('./contenders/kafkajs-in-a-day.ts'),
  json: () => import('./contenders/json.ts'),
  writer: () => import('./contenders/writer.ts'),
  reader: () => import('./contenders/reader.ts'),
  sink: () => import('./contenders/sink.ts'),
  ceiling: () => import('./contenders/ceiling.ts'),
  'ceiling-unread': async () => ({ open: (await import('./contenders/ceiling.ts')).openUnread }),
  'one-by-one': () => import('./contenders/one-by-one.ts'),
  api: () => import('./contenders/api.ts'),
  audit: () => import('./contenders/audit.ts'),
}

const [name = '', job = '{}'] = process.argv.slice(2)
await takePart(name, JSON.parse(job) as Job)

async function takePart(which: string, given: Job): Promise<void> {
  const load = contenders[which]
  if (load === undefined) throw new Error(`there is no contender ${which}`)
  const over = new AbortController()
  // The parent says so, or is gone.
  process.once('message', () => over.abort())
  process.once('disconnect', () => over.abort())
  const { open } = await load()
  const running = await open(given)
  const ended = running.ended?.then(() => over.abort())
  await Promise.race([untilDone(running, given, over.signal), ...(ended ? [ended] : [])])
  await running.drain?.()
  tell(snapshot(running, true))
  await running.stop()
  if (process.connected) process.disconnect()
}

async function untilDone(running: Running, given: Job, signal: AbortSignal): Promise<void> {
  const { records = Number.POSITIVE_INFINITY, tickMs = 50 } = given
  while (running.processed() < records && !signal.aborted) {
    tell(snapshot(running, false))
    await systemClock.sleep(tickMs, signal)
  }
}

function tell(snapshotOfNow: Snapshot): void {
  if (process.connected) process.send?.(snapshotOfNow)
}

function snapshot(running: Running, last: boolean): Snapshot {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  return {
    joined: running.joined(),
    processed: running.processed(),
    seconds: performance.now() / 1000,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    peakRssMb: maxRSS / 1024,
    figures: running.figures?.() ?? {},
    last,
  }
}
