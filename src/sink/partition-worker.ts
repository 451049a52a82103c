// One partition of one destination. In: fetched records. Out: HTTP requests in order, dead letters, settled offsets.
// Ruled by sink.md, "Behaviour": a request goes out only after the one before has settled; with concurrency: key, after
// those before that carried the same persons. Dead letters are written beside. States and transitions: worker-state.ts.
import { TrackbridgeError } from '../errors.ts'
import type { ConsumerRecord } from '../kafka/broker.ts'
import type { BatchPlan } from './batch.ts'
import { createBell } from './bell.ts'
import type { Call } from './call-queue.ts'
import { deliver } from './delivery.ts'
import { createPartitionBuffer } from './partition-buffer.ts'
import { requestFormats } from './request-format.ts'
import {
  isEnding,
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
    change: createBell(),
    hurry: createBell(),
    stopped: undefined,
  }
  const running = run(worker, sideBySide)
  const finish = (): Promise<void> => {
    worker.finishing.abort()
    worker.change.ring()
    worker.hurry.ring()
    return running
  }
  return {
    push(records, nextOffset) {
      worker.buffer.push(records, nextOffset, deps.clock.now())
      worker.change.ring()
    },
    finish,
    close() {
      worker.closing.abort()
      void finish()
    },
    wake() {
      const { state } = stateOf(worker)
      if (state === 'blocked' || state === 'retrying') worker.hurry.ring()
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
    const waitMs = requestsUnderWay(worker) < sideBySide ? takeTurn(worker, underWay) : Infinity
    if (waitMs === Infinity) await worker.change.rung()
    else if (waitMs > 0) await worker.deps.clock.sleep(waitMs, worker.change.signal())
  }
  await Promise.all(underWay)
}

/** Begins one request, or the dead letters found on the way to it. Else how long to wait for more records. */
function takeTurn(worker: Worker, underWay: Set<Promise<void>>): number {
  const { buffer, deps, options } = worker
  const plan = buffer.plan()
  const unfit = buffer.takeUnfit()
  if (unfit.length > 0) {
    begin(worker, underWay, { isSending: false, work: (delivery) => writeDeadLetters(worker, delivery, unfit) })
    return 0
  }
  const [oldest] = plan.calls
  if (oldest === undefined) return Infinity
  const lingerMs = oldest.sinceMs + options.limits.lingerMs - deps.clock.now()
  if (plan.closed === null && lingerMs > 0) return lingerMs
  buffer.take(plan)
  begin(worker, underWay, { isSending: true, work: (delivery) => deliverPlan(worker, delivery, plan) })
  return 0
}

async function deliverPlan(worker: Worker, delivery: Delivery, plan: BatchPlan<Call>): Promise<void> {
  const letters = await deliver(worker, delivery, plan)
  // Whatever comes behind calls that have not settled must not overtake them.
  if (letters === null) return
  worker.buffer.returned(plan.calls)
  if (letters.length === 0) return
  // What comes behind goes on meanwhile, as far as the buffer lets it; nothing is committed past them.
  delivery.isSending = false
  worker.change.ring()
  await writeDeadLetters(worker, delivery, letters)
}

function requestsUnderWay({ deliveries }: Worker): number {
  let requests = 0
  for (const { isSending } of deliveries) if (isSending) requests++
  return requests
}

interface Task {
  readonly isSending: boolean
  readonly work: (delivery: Delivery) => Promise<void>
}

function begin(worker: Worker, underWay: Set<Promise<void>>, { isSending, work }: Task): void {
  const delivery: Delivery = { state: { state: 'delivering' }, isSending }
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
    worker.change.ring()
  }
  const ended = end()
  underWay.add(ended)
}
