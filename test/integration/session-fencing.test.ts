import { isDeepStrictEqual } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { CommitResult, Member, Session, Unit } from '../../src/kafka/broker.ts'
import { createCluster, type Cluster, type ClusterNode } from '../../src/kafka/cluster.ts'
import { identityOf } from '../../src/kafka/identity.ts'
import { createKafka } from '../../src/kafka/connection.ts'
import { createExactlyOnceSession } from '../../src/kafka/exactly-once-session.ts'
import { createGroupCommit } from '../../src/kafka/group-commit.ts'
import { createBatchLimits } from '../../src/kafka/record-writer.ts'
import { createBatchEncoder } from '../../src/kafka/wire/record-batch-encoder.ts'
import type { Request } from '../../src/kafka/wire/request.ts'
import { silentLog } from '../../src/ops/log.ts'
import { knowsNewerTransactions } from '../support/kafka-version.ts'
import { kafkaBrokers, kafkaClient, produceRaw, randomName } from '../support/kafka.ts'
import { collect, openBroker, openSession, outRecord, unitOf } from '../support/kafkajs-adapter.ts'
import { setUpSession, withoutError, type SessionSetting } from '../support/session.ts'
import { until } from '../support/until.ts'

type Protocol = 'older' | 'newer'
const protocols: readonly Protocol[] = knowsNewerTransactions() ? ['older', 'newer'] : ['older']

interface Owner {
  /** A session that is closed with the test. */
  readonly open: (partition: number) => Promise<Session>
  /** Version of each EndTxn that was sent: 1 is the older protocol, 5 the newer. */
  readonly endVersions: readonly number[]
}

/** One process as the cluster sees it: sessions over one cluster object, with or without group commit. */
function openOwner(setting: SessionSetting, protocol: Protocol, commit: 'partition' | 'group'): Owner {
  const settings = {
    brokers: kafkaBrokers(),
    clientId: 'owner',
    ssl: false,
    compression: 'lz4',
    connectionTimeoutMs: 5_000,
    requestTimeoutMs: 15_000,
  } as const
  const cluster = createCluster(createKafka(settings, silentLog), {
    log: silentLog,
    clock: systemClock,
    identity: identityOf(settings),
    explain: async (fault) => fault,
  })
  const endVersions: number[] = []
  const deps = {
    cluster: watch(cluster, protocol, endVersions),
    encode: createBatchEncoder('lz4'),
    limits: createBatchLimits(),
    log: silentLog,
    clock: systemClock,
  }
  const groupCommit = commit === 'group' ? createGroupCommit() : undefined
  return {
    endVersions,
    async open(partition) {
      const source = { topic: setting.raw, partition }
      const transactionalId = `${setting.group}.${partition}`
      const options = { group: setting.group, source, transactionalId, transactionTimeoutMs: 30_000, commit }
      const session = createExactlyOnceSession(deps, { delivery: 'exactly-once', ...options }, groupCommit)
      onTestFinished(() => session.close())
      await session.init()
      return session
    },
  }
}

/** `older`: as a cluster that has not enabled transaction.version 2 answers; its brokers take that protocol all the same. */
function watch(cluster: Cluster, protocol: Protocol, endVersions: number[]): Cluster {
  const watched = (node: ClusterNode): ClusterNode => ({
    ...node,
    send<Answer>(request: Request<Answer>): Promise<Answer> {
      if (request.apiName === 'EndTxn') endVersions.push(request.apiVersion)
      const asOlder = protocol === 'older' && request.apiName === 'ApiVersions'
      return asOlder ? Promise.resolve(0 as Answer) : node.send(request)
    },
  })
  return { ...cluster, coordinator: async (kind, id) => watched(await cluster.coordinator(kind, id)) }
}

const ways = protocols.flatMap((protocol) => (['partition', 'group'] as const).map((commit) => ({ protocol, commit })))
const fenced = { ok: false, outcome: 'aborted', reason: 'fenced', error: 'TrackbridgeError' }

test.each(ways)(
  'in the $protocol protocol, commit by $commit: units in quick succession all go through, in order',
  async (way) => {
    const setting = await setUpSession()
    const owner = openOwner(setting, way.protocol, way.commit)
    const session = await owner.open(1)
    const results: CommitResult[] = []
    for (let next = 1; next <= 20; next += 1)
      results.push(await session.commit(unitOf(next % 5 === 0 ? [] : [outRecord(setting.out, String(next))], next)))
    expect(results).toEqual(Array.from({ length: 20 }, () => ({ ok: true })))
    const written = Array.from({ length: 20 }, (_, index) => index + 1).filter((next) => next % 5 !== 0)
    expect(await setting.values(written.length)).toEqual(written.map(String))
    expect(await session.committed()).toBe(20)
    expect(new Set(owner.endVersions)).toEqual(new Set([way.protocol === 'older' ? 1 : 5]))
  },
)

test.each(ways)(
  'in the $protocol protocol, commit by $commit: a second owner fences the first, whose work leaves nothing behind',
  async (way) => {
    const setting = await setUpSession()
    const { out, values, committedUpTo } = setting
    const first = await openOwner(setting, way.protocol, way.commit).open(1)
    expect(await first.commit(unitOf([outRecord(out, 'a')], 1))).toEqual({ ok: true })
    const second = await openOwner(setting, way.protocol, way.commit).open(1)
    expect(await second.committed()).toBe(1)
    expect(withoutError(await first.commit(unitOf([outRecord(out, 'b by the first')], 2)))).toEqual(fenced)
    expect(await second.commit(unitOf([outRecord(out, 'b by the second')], 2))).toEqual({ ok: true })
    expect(await values(2)).toEqual(['a', 'b by the second'])
    await committedUpTo(2)
  },
)

test.each(protocols)(
  'in the %s protocol units that share a transaction commit the offset of each partition',
  async (protocol) => {
    const setting = await setUpSession()
    const { out, values, admin, group, raw } = setting
    const owner = openOwner(setting, protocol, 'group')
    const sessions = [await owner.open(0), await owner.open(1), await owner.open(2)]
    for (const next of [1, 2, 3]) {
      const results = sessions.map((session, partition) =>
        session.commit(unitOf([outRecord(out, `${partition}@${next}`)], next)),
      )
      expect(await Promise.all(results)).toEqual([{ ok: true }, { ok: true }, { ok: true }])
    }
    expect(owner.endVersions.length).toBe(6)
    expect(new Set(await values(9))).toEqual(new Set(['0@1', '0@2', '0@3', '1@1', '1@2', '1@3', '2@1', '2@2', '2@3']))
    const all = new Map([0, 1, 2].map((partition) => [partition, 3]))
    await until(async () => isDeepStrictEqual(await admin.groupOffsets(group, raw), all))
  },
)

test.each(protocols)(
  'in the %s protocol whoever takes over the carrier of a shared transaction fences all its parts',
  async (protocol) => {
    const setting = await setUpSession()
    const { out, values } = setting
    const owner = openOwner(setting, protocol, 'group')
    const [low, high, alone] = [await owner.open(0), await owner.open(1), await owner.open(2)]
    const heir = await openOwner(setting, protocol, 'group').open(0)
    expect(await heir.committed()).toBeNull()
    const results = await Promise.all([
      alone.commit(unitOf([outRecord(out, 'alone')], 1)),
      low.commit(unitOf([outRecord(out, 'by the fenced carrier')], 1)),
      high.commit(unitOf([outRecord(out, 'with the fenced carrier')], 1)),
    ])
    expect(results.map(withoutError)).toEqual([{ ok: true }, fenced, fenced])
    const again = await owner.open(1)
    expect(await again.committed()).toBeNull()
    expect(await again.commit(unitOf([outRecord(out, 'once more')], 1))).toEqual({ ok: true })
    expect(await heir.commit(unitOf([outRecord(out, 'by the heir')], 1))).toEqual({ ok: true })
    expect(new Set(await values(3))).toEqual(new Set(['alone', 'once more', 'by the heir']))
  },
)

/** A group whose first member has been replaced: its Member of before, and the newest one. */
async function replaceMember(setting: SessionSetting): Promise<{ readonly old: Member; readonly now: Member }> {
  const { broker, raw, group } = setting
  await produceRaw(raw, [{ partition: 1, value: 'call' }])
  const first = await collect(broker, { topics: [raw], group })
  const old = (await until(() => first.batches[0])).member
  await first.consumer.stop()
  const second = await collect(openBroker(), { topics: [raw], group })
  const now = (await until(() => second.batches[0])).member
  return { old, now }
}

test.each(protocols)(
  'in the %s protocol the offsets of a replaced member are refused, even by the owner of the id',
  async (protocol) => {
    const setting = await setUpSession()
    const { out, values, committedUpTo, committed } = setting
    const { old, now } = await replaceMember(setting)
    expect(now.generation).toBeGreaterThan(old.generation)
    const owner = openOwner(setting, protocol, 'partition')
    const unitBy = (member: Member, value: string): Unit => ({ records: [outRecord(out, value)], next: 1, member })
    const refusals = [old, { ...now, generation: now.generation - 1 }, { ...now, memberId: old.memberId }]
    for (const member of refusals) {
      const session = await owner.open(1)
      expect(withoutError(await session.commit(unitBy(member, 'by the replaced member')))).toEqual({
        ...fenced,
        reason: 'rebalanced',
      })
    }
    expect(await committed()).toBeUndefined()
    expect(await (await owner.open(1)).commit(unitBy(now, 'by the newest'))).toEqual({ ok: true })
    expect(await values(1)).toEqual(['by the newest'])
    await committedUpTo(1)
  },
)

test('the committed offset is read only when the transaction that holds another one has ended', async () => {
  const setting = await setUpSession()
  const { broker, group, source, committed } = setting
  const session = await openSession(broker, { group, source })
  expect(await session.commit(unitOf([], 3))).toEqual({ ok: true })
  const other = kafkaClient().producer({
    transactionalId: randomName('other'),
    maxInFlightRequests: 1,
    idempotent: true,
  })
  await other.connect()
  onTestFinished(() => other.disconnect())
  const transaction = await other.transaction()
  const partitions = [{ partition: source.partition, offset: '7' }]
  await transaction.sendOffsets({ consumerGroupId: group, topics: [{ topic: source.topic, partitions }] })
  let read: number | null | undefined
  const reading = session.committed().then((offset) => (read = offset))
  for (let question = 0; question < 5; question += 1) expect(await committed()).toBe(3)
  expect(read).toBeUndefined()
  await transaction.commit()
  expect(await reading).toBe(7)
})
