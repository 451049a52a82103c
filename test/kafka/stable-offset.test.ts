import { expect, test } from 'vitest'
import { readCommittedOffset } from '../../src/kafka/stable-offset.ts'
import { createScriptedCluster, createSleepClock, type Reply } from './scripted-cluster.ts'

const source = { topic: 'raw', partition: 3 }

async function read(replies: readonly Reply[]) {
  const { cluster, requests } = createScriptedCluster({ replies: { OffsetFetch: replies } })
  const clock = createSleepClock()
  const node = await cluster.coordinator('group', 'g')
  return { requests, clock, offset: readCommittedOffset({ node, clock, identity: cluster.identity }, 'g', source) }
}

test.each([
  { committed: 0n, expected: 0 },
  { committed: 7n, expected: 7 },
  { committed: -1n, expected: null },
  { committed: -2n, expected: null },
])('a committed $committed is read as $expected', async ({ committed, expected }) => {
  const { offset } = await read([{ answer: { code: 0, offset: committed } }])
  expect(await offset).toBe(expected)
})

test('an offset that a transaction holds open is waited for, as is a coordinator that loads', async () => {
  const { offset, clock, requests } = await read([88, 14, 88])
  expect(await offset).toBe(5)
  expect(clock.sleeps).toEqual([20, 20, 20])
  expect(requests.map(({ requireStable }) => requireStable)).toEqual([true, true, true, true])
})

test('an offset that is still open after 10 s is unavailable, with group and partition', async () => {
  const { offset } = await read(Array.from({ length: 1_000 }, () => 88))
  await expect(offset).rejects.toMatchObject({
    code: 'TB_KAFKA_UNAVAILABLE',
    message: expect.stringMatching(/^cannot read the committed offset of group g for raw\/3: /) as string,
    context: { topic: 'raw', partition: 3, kafkaError: 'UNSTABLE_OFFSET_COMMIT' },
  })
})

test.each([
  { reply: 30, code: 'TB_KAFKA_UNAUTHORIZED' },
  { reply: 16, code: 'TB_KAFKA_UNAVAILABLE' },
  { reply: new Error('socket hang up'), code: 'TB_KAFKA_UNAVAILABLE' },
])('$reply is $code and is not asked again', async ({ reply, code }) => {
  const { offset, requests } = await read([reply])
  await expect(offset).rejects.toMatchObject({ code })
  expect(requests.length).toBe(1)
})
