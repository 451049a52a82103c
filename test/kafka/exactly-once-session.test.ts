import { expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import type { CommitResult, Session } from '../../src/kafka/broker.ts'
import { createExactlyOnceSession } from '../../src/kafka/exactly-once-session.ts'
import { createGroupCommit, type GroupCommit } from '../../src/kafka/group-commit.ts'
import { silentLog } from '../../src/ops/log.ts'
import { settle } from '../support/fake-clock.ts'
import { createScriptedCluster, outRecord, writerDeps, type Script, type ScriptedCluster } from './scripted-cluster.ts'
import { member, partOf } from './scripted-producer.ts'

const unit = partOf([outRecord('a')]).unit
const optionsOf = (partition: number) =>
  ({
    delivery: 'exactly-once',
    commit: 'partition',
    group: 'g',
    source: { topic: 'raw', partition },
    transactionalId: `tb.g.raw.${partition}`,
    transactionTimeoutMs: 30_000,
  }) as const

interface Opened extends ScriptedCluster {
  readonly session: Session
}

function open(script: Script = {}): Opened {
  const scripted = createScriptedCluster(script)
  const session = createExactlyOnceSession({ ...writerDeps(scripted), log: silentLog }, optionsOf(3))
  return { ...scripted, session }
}

const short = (result: CommitResult): object =>
  result.ok ? result : { outcome: result.outcome, reason: result.reason }
const bug = (call: string, state: string): TrackbridgeError =>
  new TrackbridgeError('TB_BUG', `${call} was called on the session of raw/3 while it is ${state}`)

test('nothing is connected before init', async () => {
  const { session, calls } = open()
  await expect(session.committed()).rejects.toEqual(bug('committed', 'new'))
  expect(await session.commit(unit)).toEqual({
    ok: false,
    outcome: 'aborted',
    reason: 'fatal',
    error: bug('commit', 'new'),
  })
  await session.close()
  expect(calls).toEqual([])
})

test('units go in transactions of their own, and the committed offset can be read between them', async () => {
  const { session, names, calls } = open({ level: 2 })
  await session.init()
  expect(await session.committed()).toBe(5)
  expect(await session.commit(unit)).toEqual({ ok: true })
  expect(await session.commit({ ...unit, next: 8 })).toEqual({ ok: true })
  const transaction = ['TxnOffsetCommit', 'Produce', 'EndTxn commit']
  expect(names()).toEqual(['ApiVersions', 'InitProducerId', 'OffsetFetch', ...transaction, ...transaction])
  await session.close()
  await session.close()
  expect(calls.filter((call) => call === 'close')).toEqual(['close'])
})

test.each([
  { replies: { Produce: [6] }, expected: { outcome: 'aborted', reason: 'transient' } },
  { replies: { EndTxn: [90] }, expected: { outcome: 'unknown', reason: 'fenced' } },
])(
  'after a commit that is $expected.outcome the session is dead and its producer closed',
  async ({ replies, expected }) => {
    const { session, calls, names } = open({ replies })
    await session.init()
    expect(short(await session.commit(unit))).toEqual(expected)
    await settle()
    expect(calls.at(-1)).toBe('close')
    const sent = names().length
    expect(await session.commit(unit)).toEqual({
      ok: false,
      outcome: 'aborted',
      reason: 'fatal',
      error: bug('commit', 'dead'),
    })
    await session.close()
    expect(names().length).toBe(sent)
    expect(calls.filter((call) => call === 'close')).toEqual(['close'])
  },
)

test('an init that failed may be tried again', async () => {
  const { session, calls } = open({ replies: { InitProducerId: [new Error('socket hang up')] } })
  await expect(session.init()).rejects.toEqual(
    new TrackbridgeError(
      'TB_KAFKA_UNAVAILABLE',
      'cannot open a transactional producer as tb.g.raw.3: socket hang up (Error)',
      { context: { kafkaError: 'Error' }, cause: new Error('socket hang up') },
    ),
  )
  await session.init()
  expect(await session.commit(unit)).toEqual({ ok: true })
  expect(calls.filter((call) => call === 'open' || call === 'close')).toEqual(['open', 'close', 'open'])
})

test('a session that is closed while it opens closes its producer and says that it was closed', async () => {
  const gate = Promise.withResolvers<void>()
  const { session, calls } = open({ replies: { InitProducerId: [gate.promise] } })
  const opening = session.init()
  await settle()
  await session.close()
  gate.resolve()
  await expect(opening).rejects.toEqual(
    new TrackbridgeError('TB_KAFKA_REBALANCED', 'the session of raw/3 was closed while it was opened'),
  )
  expect(calls.filter((call) => call === 'close')).toEqual(['close'])
})

interface OpenedGroup extends ScriptedCluster {
  readonly sessions: readonly Session[]
}

async function openGroup(partitions: readonly number[], script: Script = {}): Promise<OpenedGroup> {
  const scripted = createScriptedCluster({ level: 2, ...script })
  const deps = { ...writerDeps(scripted), log: silentLog }
  const groupCommit: GroupCommit = createGroupCommit()
  const sessions = partitions.map((partition) => createExactlyOnceSession(deps, optionsOf(partition), groupCommit))
  for (const session of sessions) await session.init()
  return { ...scripted, sessions }
}

const offset = (partition: number) => ({ partition, next: 7n, leaderEpoch: -1, metadata: null })
const unitOf = (partition: number) => partOf([outRecord('a', { partition })], 7).unit

test('sessions of a group that commit side by side share the transaction of the lowest partition', async () => {
  const { sessions, requests, batches } = await openGroup([1, 2, 3])
  const results = await Promise.all(sessions.map((session, index) => session.commit(unitOf(index + 1))))
  expect(results).toEqual([{ ok: true }, { ok: true }, { ok: true }])
  const offsets = requests.filter(({ api }) => api === 'TxnOffsetCommit')
  expect(offsets.map(({ transactionalId, generation, topics }) => ({ transactionalId, generation, topics }))).toEqual([
    {
      transactionalId: 'tb.g.raw.1',
      generation: member.generation,
      topics: [{ topic: 'raw', partitions: [offset(1)] }],
    },
    {
      transactionalId: 'tb.g.raw.2',
      generation: member.generation,
      topics: [{ topic: 'raw', partitions: [offset(2), offset(3)] }],
    },
  ])
  expect(batches.map((request) => request.map(({ partition }) => partition))).toEqual([[1], [2, 3]])
})

test('a shared transaction that fails ends the sessions of all that took part, and of nobody else', async () => {
  const { sessions, calls } = await openGroup([1, 2, 3], { replies: { Produce: [undefined, 10] } })
  const results = await Promise.all(sessions.map((session, index) => session.commit(unitOf(index + 1))))
  await settle()
  const aborted = { outcome: 'aborted', reason: 'transient' }
  expect(results.map(short)).toEqual([{ ok: true }, aborted, aborted])
  expect(calls.filter((call) => call === 'close').length).toBe(2)
  expect(await sessions[0]?.commit({ ...unitOf(1), next: 8 })).toEqual({ ok: true })
})
