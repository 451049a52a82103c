import { expect, test } from 'vitest'
import { shortLives } from '../../src/replay/short-lives.ts'

const dayMs = 86_400_000
const now = Date.UTC(2026, 10, 21)
const topic = (settings: Readonly<Record<string, string>>) => ({
  name: 'out',
  partitions: 1,
  replicationFactor: 1,
  settings,
})

test.each([
  [
    'old records where Kafka counts by their time',
    { 'message.timestamp.type': 'CreateTime', 'retention.ms': `${7 * dayMs}` },
    8,
    [7 * dayMs],
  ],
  ['the same by default', { 'min.insync.replicas': '1' }, 8, [7 * dayMs]],
  ['with compaction beside', { 'cleanup.policy': 'compact,delete', 'retention.ms': `${dayMs}` }, 2, [dayMs]],
  ['young records', { 'retention.ms': `${7 * dayMs}` }, 6, []],
  ['a topic that goes by arrival', { 'message.timestamp.type': 'LogAppendTime', 'retention.ms': '1' }, 8, []],
  ['a topic that keeps all', { 'retention.ms': '-1' }, 8, []],
  ['a compacted topic', { 'cleanup.policy': 'compact', 'retention.ms': '1' }, 8, []],
  ['a topic whose settings may not be read', {}, 8, []],
] as const)('%s', (_name, settings, ageDays, expected) => {
  expect(shortLives([topic(settings)], now - ageDays * dayMs, now)).toEqual(
    expected.map((retentionMs) => ({ topic: 'out', retentionMs })),
  )
})
