// One partition of one destination. In: fetched records. Out: HTTP requests in order, dead letters, settled offsets.
// Ruled by sink.md, "Behaviour": a request goes out only after the one before has settled; with concurrency: key, after
// those before that carried the same persons. States and transitions: worker-state.ts.
import { TrackbridgeError } from '../errors.ts'
import type { ConsumerRecord } from '../kafka/broker.ts'
import type { BatchPlan } from './batch.ts'
import type { Call } from './call-queue.ts'
import { deliver } from './delivery.ts'
import { createPartitionBuffer } from './partition-buffer.ts'
import { requestFormats } from './request-format.ts'
import {
  isEnding,
  ring,
  stateOf,
  stopWorker,
  type Delivery,
  type Worker,
  type WorkerDeps,
  type WorkerOptions,
  type WorkerState,
} from './worker-state.ts'
import { writeDeadLetters } from './written-off.ts'

export interface PartitionWorker {
  /** Takes a fetch and returns at once; records held or settled already are dropped. */
  push(records: readonly ConsumerRecord[], nextOffset: number): void
  /** Takes up nothing new. Resolves when what is under way has settled, or at once where it would have to wait. */
  finish(): Promise<void>
  /** Ends at once. */
  close(): void
  /** Cuts a wait after a fault short: another partition has seen that the fault is mended. */
  wake(): void
  /** End of the settled prefix; null while nothing has settled. */
  committable(): number | null
  bufferedBytes(): number
  /** Records held, in flight included. */
  held(): number
  state(): WorkerState
}

/** Starts working at once; waits for records. Never throws: what goes wrong is told by `state`. */
export function createPartitionWorker(deps: WorkerDeps, options: WorkerOptions): PartitionWorker {
  const { limits, concurrency = 'partition' } = options
  const format = requestFormats[options.format ?? 'pipelines']
  const sideBySide = concurrency === 'key' ? limits.maxInFlight : 1
  const worker: Worker = {
    deps,
    options,
    format,
    buffer: createPartitionBuffer({ limits, format, sideBySide, readAvro: options.readAvro }),
    deliveries: new Set(),
    finishing: new AbortController(),
    closing: new AbortController(),
    change: new AbortController(),
    hurry: new AbortController(),
    stopped: undefined,
  }
  const running = run(worker, sideBySide)
  const finish = (): Promise<void> => {
    worker.finishing.abort()
    ring(worker, 'change')
    ring(worker, 'hurry')
    return running
  }
  return {
    push(records, nextOffset) {
      worker.buffer.push(records, nextOffset, deps.clock.now())
      ring(worker, 'change')
    },
    finish,
    close() {
      worker.closing.abort()
      void finish()
    },
    wake() {
      const { state } = stateOf(worker)
      if (state === 'blocked' || state === 'retrying') ring(worker, 'hurry')
    },
    committable: () => worker.buffer.committable(),
    bufferedBytes: () => worker.buffer.bytes(),
    held: () => worker.buffer.held(),
    state: () => stateOf(worker),
  }
}

async function run(worker: Worker, sideBySide: number): Promise<void> {
  const underWay = new Set<Promise<void>>()
  while (!isEnding(worker)) {
    const changed = worker.change.signal
    const waitMs = worker.deliveries.size < sideBySide ? takeTurn(worker, underWay) : Infinity
    if (waitMs === Infinity) await untilAborted(changed)
    else if (waitMs > 0) await worker.deps.clock.sleep(waitMs, changed)
  }
  await Promise.all(underWay)
}

/** Begins one request, or the dead letters found on the way to it. Else how long to wait for more records. */
function takeTurn(worker: Worker, underWay: Set<Promise<void>>): number {
  const { buffer, deps, options } = worker
  const plan = buffer.plan()
  const unfit = buffer.takeUnfit()
  if (unfit.length > 0) {
    begin(worker, underWay, (delivery) => writeDeadLetters(worker, delivery, unfit))
    return 0
  }
  const [oldest] = plan.calls
  if (oldest === undefined) return Infinity
  const lingerMs = oldest.sinceMs + options.limits.lingerMs - deps.clock.now()
  if (plan.closed === null && lingerMs > 0) return lingerMs
  buffer.take(plan)
  begin(worker, underWay, (delivery) => deliverPlan(worker, delivery, plan))
  return 0
}

async function deliverPlan(worker: Worker, delivery: Delivery, plan: BatchPlan<Call>): Promise<boolean> {
  const isSettled = await deliver(worker, delivery, plan)
  // Whatever comes behind calls that have not settled must not overtake them.
  if (isSettled) worker.buffer.returned(plan.calls)
  return isSettled
}

function begin(worker: Worker, underWay: Set<Promise<void>>, work: (delivery: Delivery) => Promise<boolean>): void {
  const delivery: Delivery = { state: { state: 'delivering' } }
  worker.deliveries.add(delivery)
  const end = async (): Promise<void> => {
    try {
      await work(delivery)
    } catch (error) {
      const message = 'the sink has broken an invariant of its own; please report it'
      stopWorker(worker, new TrackbridgeError('TB_BUG', message, { cause: error }))
    }
    worker.deliveries.delete(delivery)
    underWay.delete(ended)
    ring(worker, 'change')
  }
  const ended = end()
  underWay.add(ended)
}

function untilAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise
}
