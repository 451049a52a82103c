import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/load.ts'
import { rawTopicNames, wantedTopics, type TopicsConfig, type WantedTopic } from '../../src/kafka/wanted-topics.ts'

const config = (more: Readonly<Record<string, unknown>> = {}): TopicsConfig => {
  const document = {
    kafka: { brokers: 'a:1' },
    destinations: [{ name: 'one' }, { name: 'two', topic: 'two' }],
    ...more,
  }
  return parseConfig(JSON.stringify(document), { path: '/x.yaml', env: {} })
}

const known = (partitions: Readonly<Record<string, number>>) =>
  new Map(Object.entries(partitions).map(([name, count]) => [name, { partitions: count }]))
const raw = (partitions: number) => known({ 'cio.track.raw': partitions })
const each = <K extends keyof WantedTopic>(key: K, wanted: readonly WantedTopic[]) => wanted.map((topic) => topic[key])

const ours = { 'message.timestamp.type': 'LogAppendTime' }

describe('wanted topics', () => {
  test('have the configured number of partitions where there is no raw topic yet, and LogAppendTime where we write', () => {
    const all = {
      leastBecauseOf: 'the raw topic',
      partitions: 8,
      partitionsAreConfigured: false,
      replicationFactor: -1,
    }
    expect(wantedTopics(config())).toEqual([
      { ...all, name: 'cio.track.raw', role: 'raw', leastPartitions: 1, settings: {} },
      { ...all, name: 'cio.pipelines.one', role: 'destination', leastPartitions: 8, settings: ours },
      { ...all, name: 'two', role: 'destination', leastPartitions: 8, settings: ours },
      { ...all, name: 'cio.dead-letters', role: 'dead-letters', leastPartitions: 1, settings: ours },
      { ...all, name: 'cio.unsupported', role: 'unsupported', leastPartitions: 1, settings: ours },
    ])
  })

  test('have backfill topics behind the topics that they belong to', () => {
    const destinations = [
      { name: 'one', backfill: {} },
      { name: 'two', backfill: { topic: 'again' } },
    ]
    const wanted = wantedTopics(config({ destinations }), raw(3)).filter(({ role }) => role === 'destination')
    expect([each('name', wanted), each('leastPartitions', wanted)]).toEqual([
      ['cio.pipelines.one', 'cio.pipelines.one.backfill', 'cio.pipelines.two', 'again'],
      [3, 3, 3, 3],
    ])
  })

  test('follow the raw topic in their number of partitions', () => {
    expect(each('partitions', wantedTopics(config(), raw(3)))).toEqual([3, 3, 3, 3, 3])
  })

  test('follow the largest of several raw topics, which keep their own', () => {
    const wanted = wantedTopics(config({ raw: { topics: ['a', 'b', 'c'] } }), known({ a: 2, b: 9 }))
    expect(each('name', wanted)).toEqual([
      'a',
      'b',
      'c',
      'cio.pipelines.one',
      'two',
      'cio.dead-letters',
      'cio.unsupported',
    ])
    expect(each('partitions', wanted)).toEqual([2, 9, 8, 9, 9, 9, 9])
    expect(each('leastBecauseOf', wanted)[3]).toBe('the raw topic b')
  })

  test('may have any number of partitions when messages are partitioned by key', () => {
    expect(each('leastPartitions', wantedTopics(config({ partitioning: 'key' }), raw(3)))).toEqual([1, 1, 1, 1, 1])
  })

  test('have the partitions of their own kind, destinations never fewer than the raw topic', () => {
    const topics = {
      raw: { partitions: 5 },
      destinations: { partitions: 2 },
      deadLetters: { partitions: 1 },
      unsupported: { partitions: 2 },
    }
    const wanted = wantedTopics(config({ topics }), raw(3))
    expect(each('partitions', wanted)).toEqual([5, 3, 3, 1, 2])
    expect(each('partitionsAreConfigured', wanted)).toEqual([true, false, false, true, true])
  })

  test('have every setting that is configured: the raw topic only what makes it durable, and its own', () => {
    const topics = {
      replicationFactor: 3,
      minInsyncReplicas: 2,
      retentionMs: -1,
      cleanupPolicy: 'delete',
      compressionType: 'producer',
      maxMessageBytes: 2_000_000,
      timestampType: 'CreateTime',
      raw: { retentionMs: 5_000 },
      deadLetters: { retentionMs: 1_000, maxMessageBytes: 3_000_000 },
    }
    const wanted = wantedTopics(config({ topics }), raw(3))
    const all = {
      'message.timestamp.type': 'CreateTime',
      'retention.ms': '-1',
      'cleanup.policy': 'delete',
      'compression.type': 'producer',
      'min.insync.replicas': '2',
      'max.message.bytes': '2000000',
    }
    expect(each('settings', wanted)).toEqual([
      { 'retention.ms': '5000', 'min.insync.replicas': '2' },
      all,
      all,
      { ...all, 'retention.ms': '1000', 'max.message.bytes': '3000000' },
      all,
    ])
    expect(each('replicationFactor', wanted)).toEqual([3, 3, 3, 3, 3])
  })
})

test('raw topics are those that are named, or those of the cluster that match', async () => {
  const admin = { topicsMatching: async (pattern: string) => [`matches ${pattern}`] }
  expect(await rawTopicNames(admin, config())).toEqual(['cio.track.raw'])
  expect(await rawTopicNames(admin, config({ raw: { pattern: 'a.*' } }))).toEqual(['matches a.*'])
})
