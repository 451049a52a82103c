import { describe, expect, onTestFinished, test } from 'vitest'
import { startTopicReader, type ReadRecord } from '../../src/demo/topic-reader.ts'
import { createMemoryBroker } from '../support/memory-broker.ts'
import { until } from '../support/until.ts'

async function open() {
  const broker = createMemoryBroker()
  broker.createTopic('raw', 2)
  broker.createTopic('messages', 2)
  const reader = await startTopicReader(broker, {
    group: 'reader',
    topics: ['raw', 'messages'],
    sessionTimeoutMs: 6_000,
  })
  onTestFinished(() => reader.close())
  return { broker, reader }
}

const message = (source: string, messageId: string) => ({
  topic: 'messages',
  value: '{}',
  headers: { 'tb-src': source, 'tb-mid': messageId, 'tb-type': 'track', traceparent: 'trace' },
})

describe('the topic reader', () => {
  test('counts records, and those of different origin apart', async () => {
    const { broker, reader } = await open()
    broker.append([
      { topic: 'raw', value: 'a' },
      { topic: 'raw', value: 'a' },
    ])
    broker.append([message('raw:0:0:0', 'm1'), message('raw:0:1:0', 'm2'), message('raw:0:1:0', 'm2')])
    await until(() => reader.count('raw').records === 2 && reader.count('messages').records === 3)
    expect(reader.count('raw')).toEqual({ records: 2, distinct: 2, messageIds: new Set() })
    expect(reader.count('messages')).toEqual({ records: 3, distinct: 2, messageIds: new Set(['m1', 'm2']) })
  })

  test('counts a record once when the group makes it read again', async () => {
    const { broker, reader } = await open()
    broker.append([message('raw:0:0:0', 'm1')])
    await until(() => reader.count('messages').records === 1)
    await broker.rebalance('reader')
    broker.append([message('raw:0:1:0', 'm2')])
    await until(() => reader.count('messages').records === 2)
    expect(reader.count('messages').distinct).toBe(2)
  })

  test('knows when it has read everything', async () => {
    const { broker, reader } = await open()
    const admin = await broker.admin()
    onTestFinished(() => admin.close())
    broker.append([message('raw:0:0:0', 'm1')])
    const ends = await admin.watermarks('messages')
    await until(() => reader.hasReached('messages', ends))
    expect(reader.count('messages').records).toBe(1)
    broker.append([message('raw:0:1:0', 'm2')])
    expect(reader.hasReached('messages', await admin.watermarks('messages'))).toBe(false)
  })

  test('hands records to whoever watches, until they do no longer', async () => {
    const { broker, reader } = await open()
    const seen: ReadRecord[] = []
    const unwatch = reader.watch((record) => void seen.push(record))
    broker.append([message('raw:0:0:0', 'm1')])
    await until(() => seen.length > 0)
    unwatch()
    broker.append([message('raw:0:1:0', 'm2')])
    await until(() => reader.count('messages').records === 2)
    expect(seen).toEqual([{ topic: 'messages', value: '{}', messageId: 'm1', type: 'track', trace: 'trace' }])
  })
})
