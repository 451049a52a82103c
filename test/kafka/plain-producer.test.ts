import { expect, test } from 'vitest'
import type { Producer } from '../../src/kafka/broker.ts'
import { createPlainProducer } from '../../src/kafka/plain-producer.ts'
import { createRecordingLog, type LogLine } from '../support/recording-log.ts'
import {
  createScriptedCluster,
  createSleepClock,
  outRecord,
  outRecords,
  writerDeps,
  type Script,
  type ScriptedCluster,
} from './scripted-cluster.ts'

interface Opened extends ScriptedCluster {
  readonly producer: Producer
  readonly sleeps: readonly number[]
  readonly lines: readonly LogLine[]
}

async function open(script: Script = {}): Promise<Opened> {
  const scripted = createScriptedCluster(script)
  const clock = createSleepClock()
  const { log, lines } = createRecordingLog()
  const producer = await createPlainProducer({ ...writerDeps(scripted, clock), log })
  return { ...scripted, producer, sleeps: clock.sleeps, lines }
}

test('records are written by nobody in particular: no transaction, no producer id, no sequence', async () => {
  const { producer, requests, batches } = await open()
  await producer.send(outRecords(2))
  expect(requests).toEqual([
    { node: 'leader', api: 'Produce', version: 7, transactionalId: null, acks: -1, timeoutMs: 30_000 },
  ])
  expect(batches.flat().map(({ bytes: _bytes, ...batch }) => batch)).toEqual([
    { topic: 'out', partition: 0, producerId: -1n, epoch: -1, sequence: -1, count: 2, transactional: false },
  ])
})

test('nothing to send asks for nothing', async () => {
  const { producer, names } = await open()
  await producer.send([])
  expect(names()).toEqual([])
})

test('a passing fault is tried again with longer and longer pauses, after asking for leaders anew', async () => {
  const { producer, names, sleeps, calls, lines } = await open({
    replies: { Produce: [6, new Error('socket hang up'), 19] },
  })
  await producer.send([outRecord('a')])
  expect(names()).toEqual(['Produce', 'Produce', 'Produce', 'Produce'])
  expect(sleeps).toEqual([100, 200, 400])
  expect(calls).toEqual(['open', 'refresh', 'refresh', 'refresh', 'refresh'])
  expect(lines.map(({ level, fields, message }) => [level, fields['attempt'], message])).toEqual(
    [1, 2, 3].map((attempt) => ['debug', attempt, 'records were not written and are sent again']),
  )
})

test('a fault that does not pass is rejected after the eighth attempt, with the topic', async () => {
  const { producer, names, sleeps } = await open({ replies: { Produce: Array.from({ length: 20 }, () => 6) } })
  await expect(producer.send(outRecords(2))).rejects.toMatchObject({
    code: 'TB_KAFKA_UNAVAILABLE',
    message: expect.stringMatching(/^cannot write to out: /) as string,
  })
  expect(names().length).toBe(8)
  expect(sleeps).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000])
})

test('what one partition has acknowledged is not sent again because another one refuses', async () => {
  const { producer, batches } = await open({ replies: { Produce: [undefined, 6, 6] } })
  const other = { topic: 'other', partition: 2 }
  await producer.send([outRecord('a'), outRecord('b', other), outRecord('c'), outRecord('d', { partition: 1 })])
  expect(batches.flat().map(({ topic, partition, count }) => `${topic}/${partition} x${count}`)).toEqual([
    'out/0 x2',
    'other/2 x1',
    'other/2 x1',
    'other/2 x1',
    'out/1 x1',
  ])
})

test.each([
  { reply: 29, code: 'TB_KAFKA_UNAUTHORIZED' },
  { reply: 10, code: 'TB_KAFKA_TOO_LARGE' },
  { reply: 87, code: 'TB_KAFKA_FATAL' },
])('answer $reply is $code at once', async ({ reply, code }) => {
  const { producer, names } = await open({ replies: { Produce: [reply] } })
  await expect(producer.send([outRecord('a')])).rejects.toMatchObject({ code })
  expect(names()).toEqual(['Produce'])
})

test('several records that a topic refuses together are sent again in smaller batches', async () => {
  const { producer, batches } = await open({ replies: { Produce: [10] } })
  await producer.send(outRecords(4))
  expect(batches.map((request) => request.map(({ count }) => count))).toEqual([[4], [1], [1], [1], [1]])
})

test('a producer that cannot be opened counts itself out', async () => {
  const scripted = createScriptedCluster({ refreshFails: new Error('down') })
  const { log } = createRecordingLog()
  await expect(createPlainProducer({ ...writerDeps(scripted), log })).rejects.toMatchObject({
    code: 'TB_KAFKA_UNAVAILABLE',
    message: 'cannot open a producer: down (Error)',
  })
  expect(scripted.calls).toEqual(['open', 'refresh', 'close'])
})

test('a producer that is closed twice counts itself out once', async () => {
  const { producer, calls } = await open()
  await producer.close()
  await producer.close()
  expect(calls).toEqual(['open', 'refresh', 'close'])
})
