import { expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import type { CommitResult, Consumer, Session } from '../../src/kafka/broker.ts'
import { createAtLeastOnceSession } from '../../src/kafka/at-least-once-session.ts'
import { settle } from '../support/fake-clock.ts'
import {
  batchLine,
  createScriptedCluster,
  outRecords,
  writerDeps,
  type Script,
  type ScriptedCluster,
} from './scripted-cluster.ts'
import { partOf } from './scripted-producer.ts'

const source = { topic: 'raw', partition: 3 }
const unitOf = (count: number, next = 7) => partOf(outRecords(count), next).unit

interface Opened extends ScriptedCluster {
  readonly session: Session
  /** Offsets committed through the consumer, each with the number of requests before it. */
  readonly commits: readonly object[]
}

function open(script: Script = {}, commitFails?: Error): Opened {
  const scripted = createScriptedCluster(script)
  const commits: object[] = []
  const consumer: Pick<Consumer, 'commit'> = {
    async commit(offsets) {
      commits.push({ after: scripted.names().at(-1), offsets })
      if (commitFails !== undefined) throw commitFails
    },
  }
  const session = createAtLeastOnceSession(writerDeps(scripted), {
    delivery: 'at-least-once',
    group: 'g',
    source,
    consumer,
  })
  return { ...scripted, session, commits }
}

const short = (result: CommitResult): object =>
  result.ok ? result : { outcome: result.outcome, reason: result.reason }

test('the offset is committed through the consumer after the records are acknowledged', async () => {
  const { session, commits, names, requests } = open()
  await session.init()
  expect(await session.commit(unitOf(2))).toEqual({ ok: true })
  expect(names()).toEqual(['InitProducerId', 'Produce'])
  expect(requests.map(({ transactionalId }) => transactionalId)).toEqual([null, null])
  expect(commits).toEqual([{ after: 'Produce', offsets: [{ ...source, next: 7 }] }])
})

test('the producer is idempotent: its sequences go on from unit to unit, outside of any transaction', async () => {
  const { session, batches, calls } = open()
  await session.init()
  expect(calls).toEqual(['open', 'refresh', 'coordinator of group g'])
  for (const count of [2, 3]) await session.commit(unitOf(count))
  expect(batches.flat().map(batchLine)).toEqual(['out/0 7:0 @0 x2', 'out/0 7:0 @2 x3'])
  expect(batches.flat().map(({ transactional }) => transactional)).toEqual([false, false])
})

test('a unit without records commits its offset', async () => {
  const { session, commits, names } = open()
  await session.init()
  expect(await session.commit(unitOf(0, 9))).toEqual({ ok: true })
  expect(commits).toEqual([{ after: 'InitProducerId', offsets: [{ ...source, next: 9 }] }])
  expect(names()).toEqual(['InitProducerId'])
})

test('records that are not acknowledged commit no offset, and the session is dead', async () => {
  const { session, commits, calls } = open({ replies: { Produce: [45] } })
  await session.init()
  expect(short(await session.commit(unitOf(1)))).toEqual({ outcome: 'aborted', reason: 'transient' })
  await settle()
  expect([commits, calls.at(-1)]).toEqual([[], 'close'])
  expect(short(await session.commit(unitOf(1)))).toEqual({ outcome: 'aborted', reason: 'fatal' })
})

test('an offset whose commit fails is an unknown outcome, for it may be stored', async () => {
  const moved = new TrackbridgeError('TB_KAFKA_REBALANCED', 'the group has moved on')
  const { session, calls } = open({}, moved)
  await session.init()
  expect(await session.commit(unitOf(1))).toEqual({ ok: false, outcome: 'unknown', reason: 'rebalanced', error: moved })
  await settle()
  expect(calls.at(-1)).toBe('close')
})

test('the committed offset is that of the coordinator of the group, waited for until it is stable', async () => {
  const { session, requests } = open({ replies: { OffsetFetch: [88] } })
  await session.init()
  expect(await session.committed()).toBe(5)
  expect(requests.slice(1).map(({ node, api, group }) => [node, api, group])).toEqual([
    ['group', 'OffsetFetch', 'g'],
    ['group', 'OffsetFetch', 'g'],
  ])
})

test('a producer id that is not given out rejects init, which may be tried again', async () => {
  const { session, calls } = open({ replies: { InitProducerId: [31] } })
  await expect(session.init()).rejects.toMatchObject({ code: 'TB_KAFKA_UNAUTHORIZED' })
  await session.init()
  expect(await session.commit(unitOf(1))).toEqual({ ok: true })
  await session.close()
  expect(calls.filter((call) => call === 'open' || call === 'close')).toEqual(['open', 'close', 'open', 'close'])
})
