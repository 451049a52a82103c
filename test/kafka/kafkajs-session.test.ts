import { createRequire } from 'node:module'
import type { Kafka } from 'kafkajs'
import { expect, test } from 'vitest'
import type { Clock } from '../../src/clock.ts'
import type { CommitResult, OutRecord } from '../../src/kafka/broker.ts'
import { createExactlyOnceSession } from '../../src/kafka/kafkajs-session.ts'
import { silentLog } from '../../src/ops/log.ts'

const { createErrorFromCode } = createRequire(import.meta.url)('kafkajs/src/protocol/error') as {
  createErrorFromCode: (code: number) => Error
}

type Step = 'connect' | 'init' | 'begin' | 'sendOffsets' | 'sendBatch' | 'commit' | 'abort' | 'disconnect'
interface Script {
  /** Errors of a step, one a call, before it succeeds. */
  readonly failures?: Partial<Record<Step, readonly Error[]>>
  readonly answer?: readonly object[]
}

function createStub({ failures = {}, answer = [{ topicName: 'out', partition: 0, errorCode: 0 }] }: Script) {
  const calls: Step[] = []
  const configs: object[] = []
  const run = <T>(step: Step, result: T): Promise<T> => {
    calls.push(step)
    const failure = failures[step]?.[calls.filter((call) => call === step).length - 1]
    return failure ? Promise.reject(failure) : Promise.resolve(result)
  }
  const transaction = {
    sendOffsets: () => run('sendOffsets', undefined),
    sendBatch: () => run('sendBatch', answer),
    commit: () => run('commit', undefined),
    abort: () => run('abort', undefined),
  }
  const producer = {
    connect: () => run('connect', undefined),
    transaction: () => run(calls.includes('init') ? 'begin' : 'init', transaction),
    disconnect: () => run('disconnect', undefined),
  }
  const kafka = {
    producer: (config: object) => {
      configs.push(config)
      return producer
    },
  } as unknown as Kafka
  return { kafka, calls, configs }
}

// Time passes by sleeping only; a sleep with a signal is a time limit and never ends by itself.
function createClock(): Clock {
  let nowMs = 0
  return {
    now: () => nowMs,
    sleep: (ms, signal) => {
      if (signal) return new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
      nowMs += ms
      return Promise.resolve()
    },
  }
}

const committedOffsets = {
  open: () => Promise.resolve(),
  read: () => Promise.resolve(5),
  close: () => Promise.resolve(),
}
const options = {
  delivery: 'exactly-once',
  group: 'g',
  source: { topic: 'raw', partition: 3 },
  transactionalId: 'tb.g.raw.3',
  transactionTimeoutMs: 30_000,
} as const
const record: OutRecord = { topic: 'out', partition: 0, key: null, value: 'v', timestamp: 1, headers: {} }
const unit = (records: readonly OutRecord[], next = 7) => ({ records, next, member: { assignment: 1, memberId: 'm' } })

function open(script: Script = {}) {
  const stub = createStub(script)
  const deps = {
    kafka: stub.kafka,
    committedOffsets,
    compression: 'none',
    log: silentLog,
    clock: createClock(),
  } as const
  return { ...stub, session: createExactlyOnceSession(deps, options) }
}

const short = (result: CommitResult): object =>
  result.ok ? result : { outcome: result.outcome, reason: result.reason, error: result.error.message }

test('the producer has no retries of its own, one request at a time, and never creates topics', async () => {
  const { session, configs } = open()
  await session.init()
  expect(configs).toEqual([
    {
      transactionalId: 'tb.g.raw.3',
      transactionTimeout: 30_000,
      maxInFlightRequests: 1,
      retry: { retries: 0 },
      allowAutoTopicCreation: false,
      createPartitioner: expect.any(Function) as unknown,
    },
  ])
})

test('offsets go first, then the records, then the end; the first commit takes the transaction of init', async () => {
  const { session, calls } = open()
  await session.init()
  expect(await session.commit(unit([record]))).toEqual({ ok: true })
  expect(await session.commit(unit([]))).toEqual({ ok: true })
  expect(calls).toEqual(['connect', 'init', 'sendOffsets', 'sendBatch', 'commit', 'begin', 'sendOffsets', 'commit'])
})

test('a commit that fails is an unknown outcome and is never aborted', async () => {
  const { session, calls } = open({ failures: { commit: [new Error('socket hang up')] } })
  await session.init()
  expect(short(await session.commit(unit([record])))).toEqual({
    outcome: 'unknown',
    reason: 'transient',
    error: 'cannot commit a transaction for raw/3 up to offset 7: socket hang up (Error)',
  })
  expect(calls).toEqual(['connect', 'init', 'sendOffsets', 'sendBatch', 'commit', 'disconnect'])
})

test.each([
  { step: 'sendOffsets', code: 47, reason: 'fenced' },
  { step: 'sendOffsets', code: 49, reason: 'fenced' },
  { step: 'sendOffsets', code: 90, reason: 'fenced' },
  { step: 'sendOffsets', code: 30, reason: 'fatal' },
  { step: 'sendBatch', code: 10, reason: 'too-large' },
  { step: 'sendBatch', code: 18, reason: 'too-large' },
  { step: 'sendBatch', code: 6, reason: 'transient' },
  { step: 'sendBatch', code: 45, reason: 'transient' },
  { step: 'sendBatch', code: 51, reason: 'transient' },
  { step: 'sendBatch', code: 29, reason: 'fatal' },
] as const)('error code $code from $step aborts, drops the producer and is $reason', async ({ step, code, reason }) => {
  const { session, calls } = open({ failures: { [step]: [createErrorFromCode(code)] } })
  await session.init()
  expect(await session.commit(unit([record]))).toMatchObject({ ok: false, outcome: 'aborted', reason })
  expect(calls.slice(-3)).toEqual([step, 'abort', 'disconnect'])
  expect(await session.commit(unit([record]))).toMatchObject({ reason: 'fatal', error: { code: 'TB_BUG' } })
})

test('an abort that fails changes nothing about the outcome', async () => {
  const { session } = open({ failures: { sendBatch: [createErrorFromCode(6)], abort: [new Error('no')] } })
  await session.init()
  expect(await session.commit(unit([record]))).toMatchObject({ outcome: 'aborted', reason: 'transient' })
})

test('an answer that leaves out a partition is aborted', async () => {
  const { session, calls } = open()
  await session.init()
  const result = await session.commit(unit([record, { ...record, partition: 1 }]))
  expect(result).toMatchObject({ outcome: 'aborted', reason: 'transient' })
  expect(calls.slice(-2)).toEqual(['abort', 'disconnect'])
})

test.each([51, 16, 15, 14])('passing answer %i of a coordinator to the offsets is waited out', async (code) => {
  const errors = Array.from({ length: 5 }, () => createErrorFromCode(code))
  const { session, calls } = open({ failures: { sendOffsets: errors } })
  await session.init()
  expect(await session.commit(unit([record]))).toEqual({ ok: true })
  expect(calls.filter((call) => call === 'sendOffsets').length).toBe(6)
})

test('a coordinator that never comes is given up and aborted', async () => {
  const errors = Array.from({ length: 500 }, () => createErrorFromCode(16))
  const { session, calls } = open({ failures: { sendOffsets: errors } })
  await session.init()
  expect(await session.commit(unit([record]))).toMatchObject({ outcome: 'aborted', reason: 'transient' })
  expect(calls).toContain('abort')
})

test('an offset that is none is a bug of the caller and sends nothing', async () => {
  const { session, calls } = open()
  await session.init()
  expect(await session.commit(unit([record], Number.NaN))).toMatchObject({
    outcome: 'aborted',
    reason: 'fatal',
    error: { code: 'TB_BUG' },
  })
  expect(calls).toEqual(['connect', 'init', 'disconnect'])
})

test('init waits for the last transaction of the id to end, with a new producer each time', async () => {
  const { session, calls } = open({ failures: { connect: [createErrorFromCode(51), createErrorFromCode(51)] } })
  await session.init()
  expect(calls).toEqual(['connect', 'disconnect', 'connect', 'disconnect', 'connect', 'init'])
})

test('init that fails otherwise is rejected at once and may be tried again', async () => {
  const { session } = open({ failures: { connect: [new Error('down')] } })
  await expect(session.init()).rejects.toMatchObject({ code: 'TB_KAFKA_UNAVAILABLE' })
  await session.init()
  expect(await session.committed()).toBe(5)
})

test('the committed offset cannot be read before init', async () => {
  await expect(open().session.committed()).rejects.toMatchObject({ code: 'TB_BUG' })
})
