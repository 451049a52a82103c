// How far a group has come on its source topic, and how long it takes to go on after a fault. States of a fault: struck ->
// every partition that had work left has committed again. In: a client that reaches the brokers without the proxies.
import type { Admin, Kafka } from 'kafkajs'
import { systemClock } from '../src/clock.ts'
import type { Progress } from './scenario.ts'

type Offsets = ReadonlyMap<number, number>

export interface ProgressOptions {
  readonly kafka: Kafka
  readonly group: string
  readonly topic: string
}

/** From a fault until every partition with work left has committed again. */
export interface Recovery {
  readonly fault: string
  readonly ms: number
}

export interface ProgressWatch extends Progress {
  /** Starts the clock of a fault. */
  struck(fault: string): void
  /** Of each fault that is over, how long it took to its end. */
  recoveries(): readonly Recovery[]
  /** Whether everything on the topic is done, by an answer younger than the call. Never rejects. */
  isComplete(): Promise<boolean>
  /** Partitions with work left: `3: 120 of 400`. */
  describe(): string
  close(): Promise<void>
}

interface Fault {
  readonly name: string
  readonly atMs: number
  /** As of then. */
  readonly committed: Offsets
  /** Partitions that had work left, by the first answer after the fault. */
  readonly waiting: readonly number[] | undefined
}

interface State {
  committed: Offsets
  ends: Offsets
  faults: readonly Fault[]
  readonly recoveries: Recovery[]
}

const pollMs = 50

/** Begins to ask, several times a second, until `close`. */
export function watchProgress(options: ProgressOptions): ProgressWatch {
  const state: State = { committed: new Map(), ends: new Map(), faults: [], recoveries: [] }
  const stopping = new AbortController()
  const connection = createConnection(options.kafka)
  const ask = (): Promise<boolean> => askOnce(state, options, connection)
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await ask()
      await systemClock.sleep(pollMs, stopping.signal)
    }
  })()
  return {
    done: () => sum(state.committed),
    fed: () => sum(state.ends),
    struck(name) {
      const fault = { name, atMs: systemClock.now(), committed: state.committed, waiting: undefined }
      state.faults = [...state.faults, fault]
    },
    recoveries: () => [...state.recoveries],
    left: () => [...workLeft(state).keys()],
    refresh: ask,
    isComplete: async () => (await ask()) && sum(state.ends) > 0 && workLeft(state).size === 0,
    describe: () =>
      [...workLeft(state)].map(([partition, at]) => `${partition}: ${at} of ${state.ends.get(partition)}`).join(', '),
    async close() {
      stopping.abort()
      await loop
      await connection.close()
    },
  }
}

// Brokers go away in the midst of an answer; whatever is wrong, the next look has a new connection.
function createConnection(kafka: Kafka) {
  let admin: Admin | undefined
  return {
    async use<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
      try {
        if (admin === undefined) {
          admin = kafka.admin()
          await admin.connect()
        }
        return await work(admin)
      } catch (error) {
        await this.close()
        throw error
      }
    },
    async close(): Promise<void> {
      const closing = admin
      admin = undefined
      await closing?.disconnect().catch(() => undefined)
    },
  }
}

async function askOnce(
  state: State,
  { group, topic }: ProgressOptions,
  connection: ReturnType<typeof createConnection>,
): Promise<boolean> {
  try {
    const [offsets, ends] = await connection.use((admin) =>
      Promise.all([admin.fetchOffsets({ groupId: group, topics: [topic] }), admin.fetchTopicOffsets(topic)]),
    )
    const partitions = offsets[0]?.partitions ?? []
    state.committed = new Map(partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]))
    state.ends = new Map(ends.map(({ partition, high }) => [partition, Number(high)]))
    settleFaults(state)
    return true
  } catch {
    return false
  }
}

function settleFaults(state: State): void {
  const nowMs = systemClock.now()
  const begun = state.faults.map((fault) => ({ ...fault, waiting: fault.waiting ?? waitingAt(fault, state) }))
  const goesOn = ({ committed, waiting }: (typeof begun)[number]): boolean =>
    waiting.every((partition) => (state.committed.get(partition) ?? 0) > (committed.get(partition) ?? 0))
  // A fault in an idle moment has no recovery.
  for (const fault of begun)
    if (fault.waiting.length > 0 && goesOn(fault)) state.recoveries.push({ fault: fault.name, ms: nowMs - fault.atMs })
  state.faults = begun.filter((fault) => !goesOn(fault))
}

function waitingAt({ committed }: Fault, { ends }: State): readonly number[] {
  return [...ends].filter(([partition, end]) => (committed.get(partition) ?? 0) < end).map(([partition]) => partition)
}

function workLeft({ committed, ends }: State): Offsets {
  const left = [...ends].filter(([partition, end]) => (committed.get(partition) ?? 0) < end)
  return new Map(left.map(([partition]) => [partition, committed.get(partition) ?? 0]))
}

function sum(offsets: Offsets): number {
  return [...offsets.values()].reduce((total, offset) => total + offset, 0)
}
