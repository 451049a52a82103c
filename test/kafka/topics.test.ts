import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/load.ts'
import type { TopicInfo, TopicSpec } from '../../src/kafka/broker.ts'
import { alterTopics, applyTopics, planTopics, readTopicPlan, requireTopics } from '../../src/kafka/topics.ts'
import { wantedTopics, type TopicsConfig } from '../../src/kafka/wanted-topics.ts'

const config = (more: Readonly<Record<string, unknown>> = {}): TopicsConfig => {
  const document = {
    kafka: { brokers: 'a:1,b:2' },
    destinations: [{ name: 'one' }, { name: 'two', topic: 'two' }],
    ...more,
  }
  return parseConfig(JSON.stringify(document), { path: '/x.yaml', env: {} })
}

const identity = { principal: () => 'User:a', tool: '--bootstrap-server a:1' }

const ours = { 'message.timestamp.type': 'LogAppendTime' }
const good = { 'message.timestamp.type': 'LogAppendTime', 'retention.ms': '604800000', 'cleanup.policy': 'delete' }
const info = (name: string, partitions: number, settings: Readonly<Record<string, string>> = good): TopicInfo => ({
  name,
  partitions,
  replicationFactor: 1,
  settings,
})
const mapOf = (infos: readonly TopicInfo[]) => new Map(infos.map((topic) => [topic.name, topic]))
const names = ['cio.track.raw', 'cio.pipelines.one', 'two', 'cio.dead-letters', 'cio.unsupported']
const allGood = (partitions: number) => mapOf(names.map((name) => info(name, partitions)))

const raw = (partitions: number) => mapOf([info('cio.track.raw', partitions)])

const planOne = (topic: TopicInfo | undefined, role: 'raw' | 'destination' = 'destination') => {
  const wanted = wantedTopics(config(), raw(3))
    .filter((entry) => entry.role === role)
    .slice(0, 1)
  const [plan] = planTopics(wanted, mapOf(topic ? [topic] : []), identity)
  return { state: plan?.state, details: plan?.details }
}
const mend = (name: string, setting: string) =>
  `mend it with: kafka-configs.sh --bootstrap-server a:1 --alter --entity-type topics --entity-name ${name} --add-config ${setting}`
const oldTime = (retention: string) =>
  `has CreateTime and a retention of ${retention}: replayed records older than that are deleted within minutes; ${mend('cio.pipelines.one', 'message.timestamp.type=LogAppendTime')}`

describe('a topic plan', () => {
  test('names the command that would create each topic', () => {
    const wanted = wantedTopics(config({ topics: { retentionMs: 1000, replicationFactor: 2, partitions: 4 } }))
    const plan = planTopics(wanted, new Map(), identity)
    expect(plan.slice(0, 2).map(({ name, state, details, command }) => ({ name, state, details, command }))).toEqual([
      {
        name: 'cio.track.raw',
        state: 'missing',
        details: ['does not exist'],
        command:
          'kafka-topics.sh --bootstrap-server a:1 --create --topic cio.track.raw --partitions 4 --replication-factor 2',
      },
      {
        name: 'cio.pipelines.one',
        state: 'missing',
        details: ['does not exist'],
        command:
          'kafka-topics.sh --bootstrap-server a:1 --create --topic cio.pipelines.one --partitions 4 --replication-factor 2 --config message.timestamp.type=LogAppendTime --config retention.ms=1000',
      },
    ])
  })

  test.each([
    ['as many partitions as raw', info('cio.pipelines.one', 3), 'ok', []],
    ['more partitions than raw', info('cio.pipelines.one', 4), 'ok', []],
    [
      'fewer partitions than raw',
      info('cio.pipelines.one', 1),
      'wrong',
      [
        'has 1 partition, but the raw topic has 3 and partitioning is source; mend it with: kafka-topics.sh --bootstrap-server a:1 --alter --topic cio.pipelines.one --partitions 3',
      ],
    ],
    [
      'CreateTime and no end of retention',
      info('cio.pipelines.one', 3, { ...good, 'message.timestamp.type': 'CreateTime', 'retention.ms': '-1' }),
      'ok',
      [],
    ],
    [
      'CreateTime and a week',
      info('cio.pipelines.one', 3, { ...good, 'message.timestamp.type': 'CreateTime' }),
      'warning',
      [oldTime('7 days')],
    ],
    [
      'CreateTime and an hour',
      info('cio.pipelines.one', 3, { 'message.timestamp.type': 'CreateTime', 'retention.ms': '3600000' }),
      'warning',
      [oldTime('1 hour')],
    ],
    [
      'CreateTime and an odd time',
      info('cio.pipelines.one', 3, { 'message.timestamp.type': 'CreateTime', 'retention.ms': '1500' }),
      'warning',
      [oldTime('1500 ms')],
    ],
    [
      'compaction',
      info('cio.pipelines.one', 3, { ...good, 'cleanup.policy': 'compact' }),
      'warning',
      [
        `is compacted: Kafka keeps only the last record of each key; ${mend('cio.pipelines.one', 'cleanup.policy=delete')}`,
      ],
    ],
    [
      'settings that may not be read',
      info('cio.pipelines.one', 3, {}),
      'warning',
      [
        'its settings may not be read, and retention is unchecked: DescribeConfigs on the topic "cio.pipelines.one" is denied to User:a (as configured); mend it with: kafka-acls.sh --bootstrap-server a:1 --add --allow-principal User:a --operation DescribeConfigs --topic cio.pipelines.one',
      ],
    ],
  ])('judges a destination topic with %s', (_, topic, state, details) => {
    expect(planOne(topic)).toEqual({ state, details })
  })

  test('leaves the timestamps of the raw topic to those who write it', () => {
    const topic = info('cio.track.raw', 3, { 'message.timestamp.type': 'CreateTime', 'retention.ms': '1000' })
    expect(planOne(topic, 'raw')).toEqual({ state: 'ok', details: [] })
  })

  test('is read from the cluster with the partitions of the raw topic that exists', async () => {
    const existing = new Map([...allGood(5)].filter(([name]) => name !== 'two'))
    const asked: (readonly string[])[] = []
    const admin = {
      topics: async (wanted: readonly string[]) => {
        asked.push(wanted)
        return existing
      },
      topicsMatching: async () => [],
    }
    const plan = await readTopicPlan(admin, config(), identity)
    expect(asked).toEqual([names])
    expect(plan.map(({ state }) => state)).toEqual(['ok', 'ok', 'missing', 'ok', 'ok'])
    expect(plan[2]?.wanted.partitions).toBe(5)
  })
})

const recordingAdmin = () => {
  const created: (readonly TopicSpec[])[] = []
  return { created, createTopics: async (specs: readonly TopicSpec[]) => void created.push(specs) }
}

test('the raw topics of a pattern are those that exist, and the largest of them counts', async () => {
  const existing = mapOf([info('track.a', 2), info('track.b', 5), info('cio.pipelines.one', 2)])
  const admin = {
    topics: async () => existing,
    topicsMatching: async (pattern: string) => (pattern === 'track\\..*' ? ['track.a', 'track.b'] : []),
  }
  const plan = await readTopicPlan(admin, config({ raw: { pattern: 'track\\..*' } }), identity)
  expect(plan.slice(0, 4).map(({ name, state, details }) => [name, state, details[0]])).toEqual([
    ['track.a', 'ok', undefined],
    ['track.b', 'ok', undefined],
    [
      'cio.pipelines.one',
      'wrong',
      'has 2 partitions, but the raw topic track.b has 5 and partitioning is source; mend it with: kafka-topics.sh --bootstrap-server a:1 --alter --topic cio.pipelines.one --partitions 5',
    ],
    ['two', 'missing', 'does not exist'],
  ])
})

describe('applying a plan', () => {
  test('creates the missing topics and no others', async () => {
    const admin = recordingAdmin()
    const existing = mapOf([info('cio.track.raw', 3), info('cio.pipelines.one', 1), info('cio.unsupported', 3, {})])
    const plan = planTopics(wantedTopics(config(), raw(3)), existing, identity)
    expect(await applyTopics(admin, plan)).toEqual(['two', 'cio.dead-letters'])
    expect(admin.created).toEqual([
      [
        { name: 'two', partitions: 3, replicationFactor: -1, settings: ours },
        { name: 'cio.dead-letters', partitions: 3, replicationFactor: -1, settings: ours },
      ],
    ])
  })

  test('asks nothing of Kafka when no topic is missing', async () => {
    const admin = recordingAdmin()
    expect(await applyTopics(admin, planTopics(wantedTopics(config(), raw(3)), allGood(3), identity))).toEqual([])
    expect(admin.created).toEqual([])
  })
})

test('altering a plan makes the changes that lose nothing, a topic at a time, and no others', async () => {
  const settings = {
    ...good,
    'message.timestamp.type': 'CreateTime',
    'retention.ms': '1000',
    'cleanup.policy': 'compact,delete',
  }
  const existing = mapOf([...allGood(3).values(), info('two', 3, settings), info('cio.dead-letters', 2)])
  const wanted = wantedTopics(config({ topics: { retentionMs: 2000, deadLetters: { partitions: 4 } } }), raw(3))
  const calls: unknown[] = []
  const altered = await alterTopics(
    { alterTopic: async (name, alteration) => void calls.push([name, alteration]) },
    planTopics(wanted, existing, identity),
  )
  expect(calls).toEqual([
    ['two', { settings: { 'message.timestamp.type': 'LogAppendTime', 'retention.ms': '2000' } }],
    ['cio.dead-letters', { settings: {}, partitions: 4 }],
  ])
  const told = [...altered].map(([name, differences]) => [name, differences.map(({ subject }) => subject)])
  expect(told).toEqual([
    ['two', ['message.timestamp.type', 'retention.ms']],
    ['cio.dead-letters', ['partitions']],
  ])
})

describe('required topics', () => {
  test('pass when they are all there, warnings or not', () => {
    const existing = mapOf(names.map((name) => info(name, 3, {})))
    expect(() => requireTopics(planTopics(wantedTopics(config(), raw(3)), existing, identity))).not.toThrow()
  })

  test('are all named with what to do when they are missing or wrong', () => {
    const existing = new Map([...allGood(3), ['cio.pipelines.one', info('cio.pipelines.one', 2)] as const])
    existing.delete('cio.dead-letters')
    const plan = planTopics(wantedTopics(config(), raw(3)), existing, identity)
    expect(() => requireTopics(plan)).toThrow(
      expect.objectContaining({
        code: 'TB_TOPIC_MISSING',
        message: [
          '2 topics cannot be used',
          '  cio.pipelines.one has 2 partitions, but the raw topic has 3 and partitioning is source; mend it with: kafka-topics.sh --bootstrap-server a:1 --alter --topic cio.pipelines.one --partitions 3',
          '  cio.dead-letters does not exist; create it with: kafka-topics.sh --bootstrap-server a:1 --create --topic cio.dead-letters --partitions 3 --config message.timestamp.type=LogAppendTime',
          '  or create the missing ones with: trackbridge topics apply',
        ].join('\n'),
      }),
    )
  })
})
