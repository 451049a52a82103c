import { expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import { createRecordsTransactions } from '../../src/kafka/records-transactions.ts'
import { silentLog } from '../../src/ops/log.ts'
import { createScriptedCluster, outRecord, writerDeps, type Script } from './scripted-cluster.ts'

const options = { owner: 'tb.redrive', transactionalId: 'tb.redrive.dlq.3', transactionTimeoutMs: 30_000 }

function open(script: Script = {}) {
  const scripted = createScriptedCluster(script)
  return { ...scripted, transactions: createRecordsTransactions({ ...writerDeps(scripted), log: silentLog }, options) }
}

test.each([
  { level: 0, expected: ['AddPartitionsToTxn', 'EndTxn commit'] },
  { level: 2, expected: ['EndTxn commit'] },
])('with transaction.version $level no group and no offset is asked for or written', async ({ level, expected }) => {
  const { transactions, names, calls, batches } = open({ level })
  await transactions.init()
  expect(await transactions.commit([outRecord('a')])).toEqual({ ok: true })
  expect(names().filter((name) => name !== 'Produce')).toEqual(['ApiVersions', 'InitProducerId', ...expected])
  expect([batches.length, calls]).toEqual([1, ['open', 'refresh', 'coordinator of transaction tb.redrive.dlq.3']])
  await transactions.close()
})

test('nothing is sent for no records, before init, or after a failure', async () => {
  const { transactions, requests } = open({ level: 2, replies: { Produce: [new Error('gone')] } })
  const bug = { ok: false, outcome: 'aborted', reason: 'fatal' }
  expect(await transactions.commit([outRecord('a')])).toMatchObject(bug)
  await expect(transactions.ends({ topic: 'dlq', partition: 3 })).rejects.toMatchObject({ code: 'TB_BUG' })
  expect(requests).toEqual([])
  await transactions.init()
  expect(await transactions.commit([outRecord('a')])).toMatchObject({ ok: false, reason: 'transient' })
  const before = requests.length
  expect(await transactions.commit([outRecord('a')])).toMatchObject(bug)
  expect(requests.length).toBe(before)
  const empty = open({ level: 2 }).transactions
  await empty.init()
  expect(await empty.commit([])).toMatchObject(bug)
})

test('an end that is not answered is an unknown outcome, and a fence is told', async () => {
  const unknown = open({ level: 2, replies: { EndTxn: [new Error('gone')] } })
  await unknown.transactions.init()
  expect(await unknown.transactions.commit([outRecord('a')])).toMatchObject({ ok: false, outcome: 'unknown' })
  const fenced = open({ level: 2, replies: { Produce: [90] } })
  await fenced.transactions.init()
  expect(await fenced.transactions.commit([outRecord('a')])).toMatchObject({ ok: false, reason: 'fenced' })
})

test('a right that is missing is named with what the ids begin with', async () => {
  const { transactions } = open({ replies: { InitProducerId: [53] } })
  const error: unknown = await transactions.init().catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(TrackbridgeError)
  expect(String(error)).toContain(
    'Write on the transactional ids that begin with "tb.redrive." is denied to User:tester',
  )
})

const listOffsets = (isolation: number) => ({
  node: 'leader',
  api: 'ListOffsets',
  version: 2,
  replica: -1,
  isolation,
  topics: [{ topic: 'dlq', partitions: [{ partition: 3, timestamp: -1n }] }],
})

test('the ends are asked of the leader, the high watermark first', async () => {
  const answers = [{ answer: { code: 0, offset: 9n } }, { answer: { code: 0, offset: 7n } }]
  const { transactions, requests } = open({ level: 2, replies: { ListOffsets: answers } })
  await transactions.init()
  expect(await transactions.ends({ topic: 'dlq', partition: 3 })).toEqual({ highWatermark: 9, lastStable: 7 })
  expect(requests.slice(2)).toEqual([listOffsets(0), listOffsets(1)])
})
