// The corrections that kafkajs 2.2.4 needs, put into its modules before anything loads them (spec kafka.md). In: nothing.
// Out: a patched require cache. P1 idle timer loop, P2 read_committed filter, P5 coordinators remembered, P6 linear
// grouping; P3 and P4 of the research are speed only and not here. Any other version of kafkajs is refused.
import { createRequire } from 'node:module'
import { systemClock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import { dropAbortedRecords, type AbortedTransaction, type FetchedRecord } from './aborted-records.ts'

const load = createRequire(import.meta.url)
const allowedVersion = '2.2.4'
const applied = Symbol.for('trackbridge.kafkajs-patches')
const coordinatorMemoryMs = 30_000

/** Throws TB_KAFKA_FATAL unless `found` is the one version of kafkajs that the patches fit, `2.2.4`. */
export function refuseOtherVersions(found: string): void {
  if (found === allowedVersion) return
  throw new TrackbridgeError(
    'TB_KAFKA_FATAL',
    `kafkajs ${found} is installed, but only ${allowedVersion} is allowed: trackbridge corrects faults in that very ` +
      `version that lose or leak records. Install kafkajs@${allowedVersion}.`,
  )
}

/** Patches kafkajs in this process; does nothing the second time. Throws TB_KAFKA_FATAL on another version and TB_BUG
 *  when somebody has loaded kafkajs before, for then the faulty modules are in use already. */
export function applyPatches(): void {
  refuseOtherVersions((load('kafkajs/package.json') as { version: string }).version)
  const marked = globalThis as { [applied]?: boolean }
  if (marked[applied] === true) return
  if (load.cache[load.resolve('kafkajs/src/index.js')] !== undefined) {
    throw new TrackbridgeError(
      'TB_BUG',
      'kafkajs was loaded before its patches; import it from src/kafka/kafkajs.ts only',
    )
  }
  // Error codes first: the modules that P5 loads keep their own reference to that function.
  const coordinatorMoves = countCoordinatorMoves()
  stopIdleTimers()
  replace('consumer/filterAbortedMessages', filterAbortedMessages)
  replace('producer/groupMessagesPerPartition', groupMessagesPerPartition)
  rememberCoordinators(coordinatorMoves)
  marked[applied] = true
}

function replace(module: string, replacement: unknown): void {
  const path = load.resolve(`kafkajs/src/${module}`)
  load(path)
  const entry = load.cache[path]
  if (entry === undefined) throw new TrackbridgeError('TB_BUG', `kafkajs/src/${module} cannot be replaced`)
  entry.exports = replacement
}

// P1: without a pending request and without throttling the stock function sets a timer of 0 or negative length, which
// sets the next one: a loop on every idle connection, and TimeoutNegativeWarning on Node 24.
function stopIdleTimers(): void {
  const RequestQueue = load('kafkajs/src/network/requestQueue') as { prototype: RequestQueueLike }
  const stock = RequestQueue.prototype.scheduleCheckPendingRequests
  RequestQueue.prototype.scheduleCheckPendingRequests = function scheduleCheck(this: RequestQueueLike): void {
    if (this.pending.length === 0 && this.throttledUntil <= systemClock.now()) return
    stock.call(this)
  }
}

interface RequestQueueLike {
  readonly pending: readonly unknown[]
  /** Milliseconds since 1970. */
  readonly throttledUntil: number
  scheduleCheckPendingRequests: (this: RequestQueueLike) => void
}

/** P2, in the shape that kafkajs calls. The rule is in aborted-records.ts. */
export function filterAbortedMessages(fetch: {
  readonly messages: readonly FetchedRecord[]
  readonly abortedTransactions?: readonly AbortedTransaction[] | null
}): FetchedRecord[] {
  return dropAbortedRecords(fetch.messages, fetch.abortedTransactions)
}

export interface GroupingInput<M> {
  readonly topic: string
  readonly partitionMetadata: readonly unknown[]
  readonly messages: readonly M[]
  readonly partitioner: (choice: { topic: string; partitionMetadata: readonly unknown[]; message: M }) => number
}

/** P6: messages by partition, e.g. `{0: [a, c], 1: [b]}`, with the result of the stock function. That one copies a
 *  partition's array once per message, a fifth of all CPU at 5,000 messages. */
export function groupMessagesPerPartition<M>(input: GroupingInput<M>): Record<number, M[]> {
  const { topic, partitionMetadata, messages, partitioner } = input
  const groups: Record<number, M[]> = {}
  if (partitionMetadata.length === 0) return groups
  for (const message of messages) (groups[partitioner({ topic, partitionMetadata, message })] ??= []).push(message)
  return groups
}

// Kafka says with these codes that a group's or transaction's coordinator is elsewhere: 15 not available, 16 not here.
const movedCodes: ReadonlySet<number> = new Set([15, 16])

function countCoordinatorMoves(): () => number {
  const errors = load('kafkajs/src/protocol/error') as { createErrorFromCode: (code: number) => Error }
  const stock = errors.createErrorFromCode
  let moves = 0
  errors.createErrorFromCode = (code) => {
    if (movedCodes.has(code)) moves += 1
    return stock(code)
  }
  return () => moves
}

interface ClusterLike {
  findGroupCoordinatorMetadata: (
    this: ClusterLike,
    search: { groupId: string; coordinatorType: number },
  ) => Promise<unknown>
  findBroker: (this: ClusterLike, search: { nodeId: string }) => Promise<unknown>
}

// P5: kafkajs asks for the coordinator before each of the four requests of a transaction, doubling its round trips.
// Remembered per cluster object for at most 30 s. Forgotten as soon as any broker answers that a coordinator has moved
// (anywhere in the process: such answers are rare and a lookup is cheap), or a broker cannot be reached.
function rememberCoordinators(coordinatorMoves: () => number): void {
  const Cluster = load('kafkajs/src/cluster') as { prototype: ClusterLike }
  const { findGroupCoordinatorMetadata, findBroker } = Cluster.prototype
  const memories = new WeakMap<ClusterLike, CoordinatorMemory>()
  Cluster.prototype.findGroupCoordinatorMetadata = async function find(this: ClusterLike, search): Promise<unknown> {
    const memory = memories.get(this) ?? createCoordinatorMemory(coordinatorMoves)
    memories.set(this, memory)
    const key = `${search.coordinatorType}:${search.groupId}`
    return memory.remembered(key, () => findGroupCoordinatorMetadata.call(this, search))
  }
  Cluster.prototype.findBroker = async function find(this: ClusterLike, search): Promise<unknown> {
    try {
      return await findBroker.call(this, search)
    } catch (error) {
      memories.delete(this)
      throw error
    }
  }
}

/** Answers by key, kept until `moves()` changes or they are 30 s old. */
export interface CoordinatorMemory {
  /** The remembered answer, else what `ask` resolves with; a rejection is passed on and not remembered. */
  remembered(key: string, ask: () => Promise<unknown>): Promise<unknown>
}

/** `moves` counts the answers that a coordinator has moved; `nowMs` is any clock in milliseconds. */
export function createCoordinatorMemory(
  moves: () => number,
  nowMs: () => number = () => performance.now(),
): CoordinatorMemory {
  const answers = new Map<string, { readonly answer: unknown; readonly moves: number; readonly untilMs: number }>()
  return {
    async remembered(key, ask) {
      const known = answers.get(key)
      if (known && known.moves === moves() && nowMs() < known.untilMs) return known.answer
      const movesBefore = moves()
      const answer = await ask()
      // A move reported while we asked leaves this answer in doubt: its count is old, so it is asked for again.
      answers.set(key, { answer, moves: movesBefore, untilMs: nowMs() + coordinatorMemoryMs })
      return answer
    },
  }
}
