import { expect, test } from 'vitest'
import { statusPage, type StatusPage, type StatusParts } from '../../src/cli/status-page.ts'
import { statusText } from '../../src/cli/status-text.ts'
import { noCounts } from '../../src/processor/counts.ts'

const startedAtMs = Date.parse('2026-11-21T10:00:00.000Z')
const partition = (number: number, lag: number) => ({
  topic: 'raw',
  partition: number,
  position: 1_000,
  lastStable: 1_000 + lag,
  lag,
  oldestMs: lag === 0 ? null : startedAtMs,
})

const parts: StatusParts = {
  version: '0.1.0',
  pid: 42,
  logLevel: 'info',
  configuration: {},
  startedAtMs,
  nowMs: startedAtMs + 65_000,
  readiness: {
    ready: false,
    parts: [
      { name: 'kafka', ready: true, why: '' },
      { name: 'sink main', ready: false, why: 'the API key is not accepted (status 401)' },
    ],
  },
  reports: [
    { process: { counts: { ...noCounts, raw: 1_200, translated: 1_199, skipped: 1 }, stuck: {}, workers: 2 } },
    {
      destinations: [
        {
          destination: 'main',
          state: 'blocked',
          why: 'the API key is not accepted (status 401)',
          partitions: 3,
          waiting: 340,
          nextTryInMs: 12_000,
          counters: { delivered: 5, rejected: 1, requests: 9, retries: 3, inFlight: 0, bufferedBytes: 1_500 },
        },
      ],
    },
  ],
  groups: [{ group: 'tb.process', partitions: [partition(0, 0), partition(1, 7)] }],
  perSecond: (name) => (name === 'raw' ? 1_500 : 0),
}

const plain = (page: StatusPage, maxLines = 40) => statusText(page, (_style, text) => text, maxLines).split('\n')

test('the screen begins with what is not ready and why, and shows lag by partition, the largest first', () => {
  expect(plain(statusPage(parts))).toEqual([
    'trackbridge 0.1.0  NOT READY  up 1 min 5 s, pid 42, log level info, 2026-11-21T10:01:05.000Z',
    '✗ sink main: the API key is not accepted (status 401)',
    '✓ kafka',
    '',
    'process  1,500 records/s by 2 workers; 1,200 done: 1,199 translated, 0 unsupported, 0 dead letters, 1 skipped',
    '',
    'sink main  BLOCKED: the API key is not accepted (status 401), next try in 12 s',
    '  0 messages/s; 5 delivered, 1 dead letters, 3 requests repeated',
    '  340 messages wait (2 kB), 0 requests under way',
    '',
    'group tb.process  2 partitions, lag 7, oldest record 1 min 5 s',
    '  partition       position          lag',
    '  raw/1              1,000            7',
    '  raw/0              1,000            0',
  ])
})

test('a screen with many partitions ends with those that matter, and says how many there are beside', () => {
  const many = Array.from({ length: 100 }, (_, number) => partition(number, number))
  const lines = plain(statusPage({ ...parts, groups: [{ group: 'tb.process', partitions: many }] }), 24)
  expect([lines.length <= 25, lines.at(-1)]).toEqual([
    true,
    expect.stringMatching(/^ {2}and \d+ partitions with less lag$/),
  ])
  expect(lines.filter((line) => line.startsWith('  raw/')).map((line) => line.trim().split(' ')[0])).toEqual(
    Array.from({ length: lines.filter((line) => line.startsWith('  raw/')).length }, (_, index) => `raw/${99 - index}`),
  )
})
