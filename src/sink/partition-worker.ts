// One partition of one destination. In: fetched records. Out: HTTP requests in order, dead letters, settled offsets.
// Ruled by sink.md, "Behaviour". A request goes out only after the one before has settled.
//
//   delivering -> delivering   2xx; or refused: halved, and what stands alone is a dead letter
//   delivering -> retrying     network error, 408, 425, 429, 5xx, or Kafka does not take a dead letter for now
//   delivering -> blocked      401, 403, 404, 407, 3xx; both wait with back-off, then try the same again
//   retrying, blocked -> delivering   any other answer
//   any -> stopped             the dead-letter topic refuses a record, or a bug: nothing more is sent, nothing skipped
//   any -> closed              close(): whatever is in flight is forgotten and never committed
import { TrackbridgeError } from '../errors.ts'
import type { ConsumerRecord } from '../kafka/broker.ts'
import {
  deliver,
  isEnding,
  setState,
  writeDeadLetters,
  type Worker,
  type WorkerDeps,
  type WorkerOptions,
  type WorkerState,
} from './delivery.ts'
import { createPartitionBuffer } from './partition-buffer.ts'

export interface PartitionWorker {
  /** Takes a fetch and returns at once; records held or settled already are dropped. */
  push(records: readonly ConsumerRecord[], nextOffset: number): void
  /** Takes up nothing new. Resolves when the request under way has settled, or at once where it would have to wait. */
  finish(): Promise<void>
  /** Ends at once. */
  close(): void
  /** Cuts a wait of a blocked partition short: another one has seen that the fault is mended. */
  wake(): void
  /** End of the settled prefix; null while nothing has settled. */
  committable(): number | null
  bufferedBytes(): number
  state(): WorkerState
}

/** Starts working at once; waits for records. Never throws: what goes wrong is told by `state`. */
export function createPartitionWorker(deps: WorkerDeps, options: WorkerOptions): PartitionWorker {
  const worker: Worker = {
    deps,
    options,
    buffer: createPartitionBuffer(options.limits),
    finishing: new AbortController(),
    closing: new AbortController(),
    arrival: new AbortController(),
    hurry: new AbortController(),
    state: { state: 'delivering' },
  }
  const running = run(worker)
  const finish = (): Promise<void> => {
    worker.finishing.abort()
    ring(worker, 'arrival')
    ring(worker, 'hurry')
    return running
  }
  return {
    push(records, nextOffset) {
      worker.buffer.push(records, nextOffset, deps.clock.now())
      ring(worker, 'arrival')
    },
    finish,
    close() {
      worker.closing.abort()
      worker.state = { state: 'closed' }
      void finish()
    },
    wake() {
      if (worker.state.state === 'blocked') ring(worker, 'hurry')
    },
    committable: () => worker.buffer.committable(),
    bufferedBytes: () => worker.buffer.bytes(),
    state: () => worker.state,
  }
}

function ring(worker: Worker, bell: 'arrival' | 'hurry'): void {
  const rung = worker[bell]
  worker[bell] = new AbortController()
  rung.abort()
}

async function run(worker: Worker): Promise<void> {
  try {
    let going = true
    while (going && !isEnding(worker)) going = await takeTurn(worker)
  } catch (error) {
    const message = 'the sink has broken an invariant of its own; please report it'
    setState(worker, { state: 'stopped', error: new TrackbridgeError('TB_BUG', message, { cause: error }) })
  }
}

/** One request, or the dead letters found on the way to it, or a wait. False: nothing more can be done. */
async function takeTurn(worker: Worker): Promise<boolean> {
  const { buffer, deps, options } = worker
  const arrival = worker.arrival.signal
  const plan = buffer.plan()
  const unfit = buffer.takeUnfit()
  if (unfit.length > 0) return writeDeadLetters(worker, unfit)
  if (plan.take === 0) {
    await new Promise<void>((resolve) => arrival.addEventListener('abort', () => resolve(), { once: true }))
    return true
  }
  const lingerMs = plan.oldestMs + options.limits.lingerMs - deps.clock.now()
  if (plan.closed === null && lingerMs > 0) {
    await deps.clock.sleep(lingerMs, arrival)
    return true
  }
  return deliver(worker, buffer.take(plan.take), plan.alone)
}
