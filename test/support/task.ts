// A task with scripted sessions, batches and a clock that jumps; everything it does is kept as a list of lines, such as
// `open`, `init`, `committed 3`, `commit 3,4 next 5`, `sleep 100`, `heartbeat`, `resolve 5`, `seek 3`. Test support.
import { TrackbridgeError, type ErrorCode } from '../../src/errors.ts'
import type {
  BatchContext,
  CommitResult,
  ConsumerBatch,
  ConsumerRecord,
  Member,
  Session,
  Unit,
} from '../../src/kafka/broker.ts'
import type { Counts } from '../../src/processor/counts.ts'
import { createTask, type BatchEnd, type Task } from '../../src/processor/task.ts'
import type { Processed } from '../../src/processor/topology.ts'
import { createFakeClock, runUntil } from './fake-clock.ts'
import { createRecordingLog, type LogLine } from './recording-log.ts'

type Answer<T> = T | (() => T | Promise<T>)

/** What one session answers; what is left out succeeds. `committed` may change from session to session. */
export interface SessionScript {
  readonly init?: () => Promise<void> | void
  readonly committed?: Answer<number | null>
  /** By commit, in order; the last one is repeated. */
  readonly commits?: readonly Answer<CommitResult>[]
  readonly close?: () => Promise<void> | void
}

interface Script {
  /** By session, in order; the last one is repeated. */
  readonly sessions?: readonly SessionScript[]
  readonly chunkRecords?: number
}

export const fault = (code: ErrorCode, message = 'scripted'): TrackbridgeError => new TrackbridgeError(code, message)

const codes = {
  fenced: 'TB_KAFKA_FENCED',
  rebalanced: 'TB_KAFKA_REBALANCED',
  'too-large': 'TB_KAFKA_TOO_LARGE',
  transient: 'TB_KAFKA_UNAVAILABLE',
  fatal: 'TB_KAFKA_FATAL',
} as const satisfies Record<string, ErrorCode>

/** A commit that did not succeed. */
export const failed = (reason: keyof typeof codes, outcome: 'aborted' | 'unknown' = 'aborted'): CommitResult => ({
  ok: false,
  outcome,
  reason,
  error: fault(codes[reason]),
})

export const ok: CommitResult = { ok: true }

/** `steps('open | init', 'committed 3')`: the lines of `events`. */
export const steps = (...texts: readonly string[]): string[] => texts.flatMap((text) => text.split(' | '))

const record = (offset: number): ConsumerRecord => ({ offset, timestamp: 0, key: null, value: null, headers: [] })

/** A batch of records with offsets from `from` up to, not including, `to`. */
export function batchOf(from: number, to: number, changes: Partial<ConsumerBatch> = {}): ConsumerBatch {
  return {
    topic: 'raw',
    partition: 0,
    member: { assignment: 1, memberId: 'm', generation: 1 },
    fetchedOffset: from,
    nextOffset: to,
    highWatermark: to,
    continuous: true,
    records: Array.from({ length: to - from }, (_, index) => record(from + index)),
    ...changes,
  }
}

function processOne({ offset }: ConsumerRecord, { tooLarge }: { readonly tooLarge: boolean }): Processed {
  const value = tooLarge ? `${offset} too large` : String(offset)
  const out = { topic: tooLarge ? 'dlq' : 'main', partition: 0, key: null, value, timestamp: 0, headers: {} }
  return { slot: tooLarge ? 'dead-letter' : 'translated', records: [out], unrouted: 0 }
}

export interface OpenTask {
  readonly task: Task
  /** What happened since the start, or since `events` was emptied. */
  readonly events: string[]
  readonly log: readonly LogLine[]
  readonly committed: { readonly next: number; readonly counts: Counts }[]
  /** Of the units that were committed, or tried. */
  readonly members: Member[]
  /** Ends the assignment of all batches offered. */
  readonly assignment: AbortController
  /** Answers of the heartbeats to come; none left: they succeed. */
  readonly heartbeats: (TrackbridgeError | null)[]
  /** Offers a batch and lets time jump until it has ended. */
  readonly offer: (batch: ConsumerBatch) => Promise<BatchEnd>
}

export function openTask({ sessions = [{}], chunkRecords = 100 }: Script = {}): OpenTask {
  const clock = createFakeClock(0)
  const { log, lines } = createRecordingLog()
  const events: string[] = []
  const heartbeats: (TrackbridgeError | null)[] = []
  const committed: OpenTask['committed'] = []
  const members: Member[] = []
  const assignment = new AbortController()
  let opened = 0
  const task = createTask({
    clock: {
      ...clock,
      sleep(ms, signal) {
        events.push(`sleep ${ms}`)
        return clock.sleep(ms, signal)
      },
    },
    log,
    openSession: () => scriptedSession(sessions[Math.min(opened++, sessions.length - 1)] ?? {}, { events, members }),
    process: processOne,
    chunkRecords,
    onCommit: (one) => committed.push(one),
  })
  const context: BatchContext = {
    signal: assignment.signal,
    async heartbeat() {
      events.push('heartbeat')
      const answer = heartbeats.shift()
      if (answer) throw answer
    },
    resolve: (next) => void events.push(`resolve ${next}`),
    seek: (offset) => void events.push(`seek ${offset}`),
  }
  return {
    task,
    events,
    log: lines,
    committed,
    members,
    assignment,
    heartbeats,
    async offer(batch) {
      let over = false
      const end = task.process(batch, context).finally(() => (over = true))
      end.catch(() => undefined)
      await runUntil(clock, () => over)
      return end
    },
  }
}

const answerOf = async <T>(answer: Answer<T>): Promise<T> =>
  typeof answer === 'function' ? (answer as () => T | Promise<T>)() : answer

function scriptedSession(script: SessionScript, { events, members }: Pick<OpenTask, 'events' | 'members'>): Session {
  let commits = 0
  let isReady = false
  events.push('open')
  return {
    async init() {
      events.push('init')
      await script.init?.()
      isReady = true
    },
    async committed() {
      if (!isReady) throw fault('TB_BUG', 'committed was read before init had returned')
      const answer = await answerOf(script.committed ?? null)
      events.push(`committed ${answer}`)
      return answer
    },
    async commit(unit: Unit) {
      events.push(`commit ${unit.records.map(({ value }) => value).join(',')} next ${unit.next}`)
      members.push(unit.member)
      const answers = script.commits ?? [ok]
      return answerOf(answers[Math.min(commits++, answers.length - 1)] ?? ok)
    },
    async close() {
      events.push('close')
      await script.close?.()
    },
  }
}
