import { describe, expect, test } from 'vitest'
import type { TopicInfo } from '../../src/kafka/broker.ts'
import { settingText, topicDifferences, type Difference } from '../../src/kafka/topic-differences.ts'
import type { WantedTopic } from '../../src/kafka/wanted-topics.ts'

const good = {
  'message.timestamp.type': 'LogAppendTime',
  'retention.ms': '604800000',
  'cleanup.policy': 'delete',
  'compression.type': 'producer',
  'min.insync.replicas': '1',
  'max.message.bytes': '1048588',
}

const wish = (more: Partial<WantedTopic> = {}): WantedTopic => ({
  name: 't',
  role: 'destination',
  partitions: 3,
  leastPartitions: 3,
  leastBecauseOf: 'the raw topic',
  partitionsAreConfigured: false,
  replicationFactor: -1,
  settings: { 'message.timestamp.type': 'LogAppendTime' },
  ...more,
})

const info = (more: Partial<TopicInfo> = {}): TopicInfo => ({
  name: 't',
  partitions: 3,
  replicationFactor: 3,
  settings: good,
  ...more,
})

const found = (wanted: WantedTopic, topic: TopicInfo, raws: readonly TopicInfo[] = []) =>
  topicDifferences(wanted, topic, { raws, identity: { principal: () => 'User:a', tool: '-b a:1' } })

const brief = ({ subject, is, wanted, gravity, change, leftBecause }: Difference) => ({
  subject,
  to: `${is} -> ${wanted}`,
  gravity,
  alter: change ?? leftBecause,
})

describe('a topic that is as wanted', () => {
  test('has no differences', () => {
    expect(found(wish(), info())).toEqual([])
  })

  test('may have more partitions than the raw topic, and CreateTime where it keeps records for ever', () => {
    const settings = { ...good, 'message.timestamp.type': 'CreateTime', 'retention.ms': '-1' }
    expect(found(wish(), info({ partitions: 9, settings }))).toEqual([])
  })
})

describe('partitions', () => {
  test.each<[string, Partial<WantedTopic>, number, Partial<ReturnType<typeof brief>>]>([
    [
      'a destination with fewer than the raw topic cannot work',
      {},
      1,
      {
        gravity: 'wrong',
        alter: 'consumers of your own may count on the partitions of today: add them when those know',
      },
    ],
    [
      'a destination gets no more by --alter',
      { partitions: 5, partitionsAreConfigured: true },
      3,
      {
        gravity: 'difference',
        alter:
          'a key may then belong to another partition than its older records, which breaks the order of whoever is behind',
      },
    ],
    [
      'the raw topic gets no more by --alter',
      { role: 'raw', partitions: 5, leastPartitions: 1, partitionsAreConfigured: true },
      3,
      {
        gravity: 'difference',
        alter:
          'a key may then belong to another partition than its older records, which breaks the order of whoever is behind',
      },
    ],
    [
      'the dead-letter topic does, where so many are configured',
      { role: 'dead-letters', partitions: 5, leastPartitions: 1, partitionsAreConfigured: true },
      3,
      { gravity: 'difference', alter: { partitions: 5 } },
    ],
    [
      'none are taken away',
      { role: 'dead-letters', partitions: 1, leastPartitions: 1, partitionsAreConfigured: true },
      3,
      { gravity: 'difference', alter: 'Kafka takes no partitions away' },
    ],
  ])('%s', (_, wanted, partitions, expected) => {
    const all = found(wish(wanted), info({ partitions })).map(brief)
    const to = `${partitions} -> ${wanted.partitions ?? 3}`
    expect(all).toEqual([{ subject: 'partitions', to, ...expected }])
  })

  test('are no difference on a topic that merely follows the raw topic', () => {
    expect(found(wish({ role: 'dead-letters', leastPartitions: 1 }), info({ partitions: 1 }))).toEqual([])
  })
})

const weaker = 'fewer copies would weaken what other writers count on; more copies mend it too'

describe('settings', () => {
  test.each<[string, string, string, string, unknown]>([
    ['retention grows by --alter', 'retention.ms', '1000', '2000', true],
    ['retention becomes endless by --alter', 'retention.ms', '1000', '-1', true],
    [
      'retention never shrinks',
      'retention.ms',
      '2000',
      '1000',
      'a shorter retention deletes records that others may still want',
    ],
    [
      'endless retention never ends',
      'retention.ms',
      '-1',
      '1000',
      'a shorter retention deletes records that others may still want',
    ],
    ['more replicas in sync by --alter', 'min.insync.replicas', '1', '2', true],
    [
      'never more than there are copies',
      'min.insync.replicas',
      '1',
      '4',
      'it has 3 of each partition: every write would be refused',
    ],
    ['never fewer replicas in sync', 'min.insync.replicas', '2', '1', weaker],
    ['larger batches by --alter', 'max.message.bytes', '1000', '2000', true],
    [
      'never smaller batches',
      'max.message.bytes',
      '2000',
      '1000',
      'batches that are taken today would be refused by a smaller limit',
    ],
    ['never CreateTime', 'message.timestamp.type', 'LogAppendTime', 'CreateTime', 'topics.timestampType is CreateTime'],
    [
      'never compaction',
      'cleanup.policy',
      'delete',
      'compact',
      'compaction deletes all but the last record of each key',
    ],
    [
      'never another compression',
      'compression.type',
      'producer',
      'zstd',
      'the brokers would pack every batch anew, and every consumer must know the codec',
    ],
  ])('%s', (...row) => {
    const [, setting, is, value, expected] = row
    const topic = info({ settings: { ...good, [setting]: is } })
    const all = found(wish({ settings: { ...wish().settings, [setting]: value } }), topic).map(brief)
    const alter = expected === true ? { setting, value } : expected
    const to = `${settingText(setting, is)} -> ${settingText(setting, value)}`
    expect(all).toEqual([{ subject: setting, to, gravity: 'difference', alter }])
  })

  test('that may not be read are told, and none is compared', () => {
    const all = found(wish({ settings: { 'retention.ms': '1' } }), info({ settings: {} }))
    expect(all.map(({ gravity, what, command }) => [gravity, what, command])).toEqual([
      [
        'warning',
        'its settings may not be read, and retention is unchecked: DescribeConfigs on the topic "t" is denied to User:a (as configured)',
        'kafka-acls.sh -b a:1 --add --allow-principal User:a --operation DescribeConfigs --topic t',
      ],
    ])
  })

  test('another number of copies is never changed', () => {
    const [only, ...others] = found(wish({ replicationFactor: 2 }), info({ replicationFactor: 1 }))
    expect(others).toEqual([])
    expect([only?.subject, only?.what, only?.change, only?.command]).toEqual([
      'replication factor',
      'has 1 copy of each partition, but 2 are configured',
      undefined,
      undefined,
    ])
  })
})

describe('dangers', () => {
  const raw = info({ name: 'r', settings: { ...good, 'max.message.bytes': '2000000' } })

  test.each<[string, Partial<WantedTopic>, Partial<TopicInfo>, Partial<Difference>]>([
    [
      'CreateTime and a retention',
      {},
      { settings: { ...good, 'message.timestamp.type': 'CreateTime' } },
      {
        gravity: 'warning',
        what: 'has CreateTime and a retention of 7 days: replayed records older than that are deleted within minutes',
        change: { setting: 'message.timestamp.type', value: 'LogAppendTime' },
      },
    ],
    [
      'CreateTime that is configured',
      { settings: { 'message.timestamp.type': 'CreateTime' } },
      { settings: { ...good, 'message.timestamp.type': 'CreateTime' } },
      { gravity: 'warning', change: undefined, leftBecause: 'topics.timestampType is CreateTime' },
    ],
    [
      'compaction',
      {},
      { settings: { ...good, 'cleanup.policy': 'compact' } },
      {
        gravity: 'warning',
        what: 'is compacted: Kafka keeps only the last record of each key',
        leftBecause: 'records that are older than the retention would be deleted at once',
        command:
          'kafka-configs.sh -b a:1 --alter --entity-type topics --entity-name t --add-config cleanup.policy=delete',
      },
    ],
    [
      'more replicas in sync than copies',
      {},
      { replicationFactor: 1, settings: { ...good, 'min.insync.replicas': '2' } },
      {
        gravity: 'wrong',
        what: 'wants 2 replicas in sync, but has 1 copy of each partition: Kafka refuses every record with acks=all',
        leftBecause: weaker,
      },
    ],
    [
      'a destination that takes less than the raw topic',
      {},
      {},
      {
        gravity: 'warning',
        what: 'takes batches of 1,048,588 bytes, the raw topic 2,000,000: messages of the largest raw records become dead letters',
        change: { setting: 'max.message.bytes', value: '2000000' },
      },
    ],
    [
      'a dead-letter topic that takes less than the raw topic',
      { role: 'dead-letters', settings: { ...wish().settings, 'max.message.bytes': '3000000' } },
      {},
      {
        gravity: 'warning',
        what: 'takes batches of 1,048,588 bytes, the raw topic 2,000,000: the largest raw records cannot become dead letters, and stop their partition',
        change: { setting: 'max.message.bytes', value: '3000000' },
      },
    ],
  ])('%s', (title, wanted, topic, expected) => {
    const raws = title.includes('less than') ? [raw] : []
    const all = found(wish(wanted), info(topic), raws)
    expect(all).toHaveLength(1)
    expect(all[0]).toMatchObject(expected)
  })

  test('compaction that is configured is none, nor are the settings of the raw topic itself', () => {
    const compact = { ...good, 'cleanup.policy': 'compact' }
    expect(found(wish({ settings: { 'cleanup.policy': 'compact' } }), info({ settings: compact }))).toEqual([])
    const own = { ...good, 'message.timestamp.type': 'CreateTime', 'max.message.bytes': '2000' }
    expect(found(wish({ role: 'raw', settings: {} }), info({ settings: own }), [raw])).toEqual([])
  })

  test('the gravest difference comes first', () => {
    const settings = { ...good, 'message.timestamp.type': 'CreateTime', 'min.insync.replicas': '2' }
    const topic = info({ partitions: 1, replicationFactor: 1, settings })
    const wanted = wish({ settings: { ...wish().settings, 'retention.ms': '-1' } })
    expect(found(wanted, topic).map(({ subject, gravity }) => [subject, gravity])).toEqual([
      ['partitions', 'wrong'],
      ['min.insync.replicas', 'wrong'],
      ['message.timestamp.type', 'warning'],
      ['retention.ms', 'difference'],
    ])
  })
})
