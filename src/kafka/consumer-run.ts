// One kafkajs consumer object, from its connection to its end; kafkajs-consumer.ts starts the next one after a crash.
// States: joining -> assigned -> joining ... -> over. In: batches and events of kafkajs. Out: handler calls under the
// assignment they belong to. Rules: spec kafka.md, "Rebalances, shutdown, lag"; traps: research kafkajs.md, D.
import type { LogEntry } from 'kafkajs'
import type { Member, TopicPartition } from './broker.ts'
import { createKafka } from './connection.ts'
import { createAssignment } from './consumer-assignment.ts'
import { commitOffsets, type CommitOffset } from './consumer-commit.ts'
import { createBatchDelivery, type BatchDelivery } from './consumer-delivery.ts'
import { explainConnection } from './connection-diagnosis.ts'
import { asError, consumerNeeds, type ConsumerShared, type RunState } from './consumer-state.ts'
import { within } from './deadline.ts'
import { withNeeds } from './denial.ts'
import { partitionKey, toOffset } from './kafkajs-batch.ts'
import { toTrackbridgeError } from './kafkajs-errors.ts'

export interface ConsumerRun {
  /** Resolves with what ended the run: kafkajs's error. Not resolved by `stop`. */
  readonly crashed: Promise<unknown>
  pause(partition: TopicPartition): void
  resume(partition: TopicPartition): void
  /** As Consumer.commit of broker.ts. */
  commit(offsets: readonly CommitOffset[]): Promise<void>
  /** Ends the assignment, waits for the handlers, leaves the group and disconnects. Never rejects. */
  stop(): Promise<void>
}

const disconnectTimeoutMs = 10_000
// kafkajs ends a crash with a disconnect that may hang, and only then says CRASH.
const crashEventTimeoutMs = 10_000

/** Connects, subscribes and begins to consume. Rejects with TB_KAFKA_* when the first connection or the topics fail. */
export async function startConsumerRun(shared: ConsumerShared): Promise<ConsumerRun> {
  const crashed = Promise.withResolvers<unknown>()
  const state = createState(shared, crashed.resolve)
  listen(state)
  const { topics } = shared
  const { group, concurrency } = shared.options
  const tried = `consume ${topics.join(', ')} as group ${group}`
  try {
    await state.kafkajs.connect()
    await state.kafkajs.subscribe({ topics: [...topics], fromBeginning: true })
  } catch (error) {
    state.over = true
    await disconnect(state, Promise.resolve())
    throw await explainConnection(shared.settings, toTrackbridgeError(withNeeds(error, consumerNeeds(shared)), tried))
  }
  const delivery = createBatchDelivery(state)
  const running = state.kafkajs.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: concurrency,
    eachBatch: (payload) => delivery.deliver(payload),
  })
  const joined = running.catch((error: unknown) => state.crash(error))
  void keepAlive(state, delivery)
  let stopped: Promise<void> | undefined
  return {
    crashed: crashed.promise,
    pause: (partition) => setPaused(state, partition, true),
    resume: (partition) => setPaused(state, partition, false),
    commit: (offsets) => commitOffsets(state, offsets),
    stop: () => (stopped ??= stop(state, joined)),
  }
}

function createState(shared: ConsumerShared, resolveCrash: (error: unknown) => void): RunState {
  const { options, clock } = shared
  const kafka = createKafka(shared.settings, shared.log, (entry) => onLogEntry(state, entry))
  const state: RunState = {
    shared,
    kafkajs: kafka.consumer({
      groupId: options.group,
      sessionTimeout: options.sessionTimeoutMs,
      rebalanceTimeout: Math.max(60_000, options.sessionTimeoutMs),
      // Shorter than the timer of keepAlive, so that each of its calls does send one.
      heartbeatInterval: Math.floor(options.sessionTimeoutMs / 6),
      maxBytesPerPartition: options.maxBytesPerPartition,
      maxBytes: options.maxBytesPerPartition * Math.max(1, options.concurrency),
      minBytes: 1,
      maxWaitTimeInMs: options.maxWaitMs,
      metadataMaxAge: options.metadataMaxAgeMs ?? 300_000,
      readUncommitted: false,
      allowAutoTopicCreation: false,
      retry: { retries: 5, initialRetryTime: 200, maxRetryTime: 3000, restartOnFailure: async () => false },
    }),
    assignment: undefined,
    newest: undefined,
    lastBeatMs: clock.now(),
    stopping: false,
    over: false,
    ending: new AbortController(),
    crash: (error) => {
      if (state.over) return
      state.over = true
      state.assignment?.end(asError(error))
      state.ending.abort()
      resolveCrash(withNeeds(error, consumerNeeds(shared)))
    },
  }
  return state
}

function listen(state: RunState): void {
  const { kafkajs, shared } = state
  const { GROUP_JOIN, REBALANCING, CRASH, HEARTBEAT, END_BATCH_PROCESS } = kafkajs.events
  // kafkajs emits while it joins, before the first fetch: what is done here is in force for every batch that follows.
  kafkajs.on(GROUP_JOIN, ({ payload }) => {
    try {
      onJoin(state, memberOf(shared, payload), payload.memberAssignment)
    } catch (error) {
      state.crash(error)
    }
  })
  kafkajs.on(REBALANCING, () => state.assignment?.end())
  kafkajs.on(CRASH, ({ payload }) => state.crash(payload.error))
  kafkajs.on(HEARTBEAT, () => {
    state.lastBeatMs = shared.clock.now()
    shared.onProgress()
  })
  // Batches of filtered records only never reach eachBatch: kafkajs steps over them by itself.
  kafkajs.on(END_BATCH_PROCESS, ({ payload }) => {
    if (payload.batchSize === 0)
      state.assignment?.positions.filtered(partitionKey(payload), toOffset(payload.lastOffset))
  })
}

// The generation is there by our patch (kafkajs-patches.ts, P3); kafkajs's types do not know it.
function memberOf(shared: ConsumerShared, { memberId, ...rest }: { readonly memberId: string }): Member {
  const { generationId } = rest as { readonly generationId: number }
  return { assignment: shared.nextAssignment(), memberId, generation: generationId }
}

function onJoin(state: RunState, member: Member, topics: Readonly<Record<string, number[]>>): void {
  const { shared, kafkajs } = state
  state.assignment?.end()
  const partitions = Object.entries(topics).flatMap(([topic, numbers]) =>
    numbers.map((partition) => ({ topic, partition })),
  )
  const assignment = createAssignment(member, partitions)
  state.assignment = assignment
  state.lastBeatMs = shared.clock.now()
  // kafkajs remembers pauses of partitions that leave and knows none of the consumer object before: ours are the truth.
  for (const [key, { topic, partition }] of shared.paused) {
    if (assignment.has({ topic, partition })) kafkajs.pause([{ topic, partitions: [partition] }])
    else {
      shared.paused.delete(key)
      kafkajs.resume([{ topic, partitions: [partition] }])
    }
  }
  if (state.stopping) assignment.end()
  else shared.handlers.onAssignment(partitions)
}

function onLogEntry(state: RunState, { label, log }: LogEntry): void {
  if (label !== 'ERROR') return
  if (log.message.startsWith('Offset out of range, resetting')) {
    const { topic, partition } = log as unknown as TopicPartition
    state.assignment?.positions.reset(partitionKey({ topic, partition }))
  }
  if (!log.message.startsWith('Crash: ') || state.over) return
  const error = new Error(log.message.slice('Crash: '.length))
  void state.shared.clock.sleep(crashEventTimeoutMs, state.ending.signal).then(() => state.crash(error))
}

async function keepAlive(state: RunState, delivery: BatchDelivery): Promise<void> {
  const { clock, options, active } = state.shared
  while (!state.over) {
    await clock.sleep(options.sessionTimeoutMs / 5, state.ending.signal)
    // kafkajs sends heartbeats between batches itself.
    if (!state.over && active.size > 0) await delivery.heartbeat().catch(() => undefined)
  }
}

function setPaused(state: RunState, { topic, partition }: TopicPartition, paused: boolean): void {
  if (paused && state.assignment?.has({ topic, partition }) !== true) return
  const key = partitionKey({ topic, partition })
  if (paused) state.shared.paused.set(key, { topic, partition })
  else state.shared.paused.delete(key)
  if (state.over || state.assignment === undefined) return
  if (paused) state.kafkajs.pause([{ topic, partitions: [partition] }])
  else state.kafkajs.resume([{ topic, partitions: [partition] }])
}

async function stop(state: RunState, joined: Promise<void>): Promise<void> {
  state.stopping = true
  state.assignment?.end()
  // Handlers may still commit and send heartbeats while they come to their end.
  while (state.shared.active.size > 0) await Promise.all(state.shared.active.values())
  state.over = true
  state.ending.abort()
  await disconnect(state, joined)
}

// kafkajs cannot be stopped before its first join is through: it would take note of the stop, join all the same and hold
// its partitions for ever. So the disconnect follows the join, however long that takes; only our waiting has an end.
async function disconnect({ kafkajs, shared }: RunState, joined: Promise<void>): Promise<void> {
  const tried = `leave group ${shared.options.group}`
  try {
    await within(
      joined.then(() => kafkajs.disconnect()),
      { timeoutMs: disconnectTimeoutMs, tried, clock: shared.clock },
    )
  } catch (error) {
    const { code, message } = toTrackbridgeError(error, tried)
    shared.log.warn({ code, error: message }, 'a consumer did not disconnect in order')
  }
}
