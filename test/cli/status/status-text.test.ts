import { expect, test } from 'vitest'
import { statusPage, type StatusPage, type StatusParts } from '../../../src/cli/status/status-page.ts'
import { statusText } from '../../../src/cli/status/status-text.ts'
import { noCounts } from '../../../src/processor/counts.ts'

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
  failingSinceMs: () => startedAtMs + 60_000,
}

const file = { rows: 40, columns: Infinity }
const plain = (page: StatusPage, size = file) => statusText(page, (_style, text) => text, size).split('\n')

test('the screen begins with what is not ready and why, and shows lag by partition, the largest first', () => {
  expect(plain(statusPage(parts))).toEqual([
    'trackbridge 0.1.0  NOT READY  2026-11-21T10:01:05Z  up 1 min 5 s, pid 42, log level info',
    '✗ sink main: the API key is not accepted (status 401)',
    '✓ kafka',
    '',
    'process  1,500 records/s by 2 workers; 1,200 done',
    '  1,199 translated, 0 unsupported, 0 dead letters, 1 skipped',
    '',
    'sink main  BLOCKED for 5 s, next try in 12 s',
    '  the API key is not accepted (status 401)',
    '  0 messages/s; 5 delivered, 1 dead letters, 3 requests repeated',
    '  340 messages wait (2 kB), 0 requests under way',
    '  what to do: docs/runbook.md, TrackbridgeDestinationBlocked',
    '',
    'group tb.process  2 partitions, lag 7, oldest record 1 min 5 s',
    '  partition       position          lag  with markers',
    '  raw/1              1,000            7',
    '  raw/0              1,000            0',
  ])
})

test('a part that retries says for how long and why, a partition that has stopped why, both what to do', () => {
  const [process, sink] = parts.reports
  const [main] = sink?.destinations ?? []
  if (process?.process === undefined || main === undefined) throw new Error('no reports')
  const why = 'the API answers 503 (status 503)'
  const reports = [
    { process: { ...process.process, stuck: { 'raw/3': 'not authorized' }, workers: null } },
    { destinations: [{ ...main, state: 'ready' as const, why, nextTryInMs: null }] },
  ]
  expect(plain(statusPage({ ...parts, reports, groups: [] })).slice(4, 14)).toEqual([
    'process  1,500 records/s; 1,200 done',
    '  1,199 translated, 0 unsupported, 0 dead letters, 1 skipped',
    '  raw/3 has stopped: not authorized',
    '  what to do: docs/runbook.md, TrackbridgePartitionsStopped',
    '',
    'sink main  retrying for 5 s',
    `  ${why}`,
    '  0 messages/s; 5 delivered, 1 dead letters, 3 requests repeated',
    '  340 messages wait (2 kB), 0 requests under way',
    '  what to do: docs/runbook.md, TrackbridgeDestinationFailing',
  ])
})

test('a process that is ready and delivers nothing says so at the top', () => {
  const why = 'no answer from the API: nothing listens there (ECONNREFUSED)'
  const readiness = {
    ready: true,
    parts: [
      { name: 'kafka', ready: true, why: '' },
      { name: 'sink main', ready: true, why },
    ],
  }
  expect(plain(statusPage({ ...parts, readiness })).slice(0, 3)).toEqual([
    'trackbridge 0.1.0  READY, BUT NOT DELIVERING  2026-11-21T10:01:05Z  up 1 min 5 s, pid 42, log level info',
    `! sink main: ${why}`,
    '✓ kafka',
  ])
})

test('a sink that delivers says so', () => {
  const [main] = parts.reports[1]?.destinations ?? []
  if (main === undefined) throw new Error('no reports')
  const reports = [{ destinations: [{ ...main, state: 'ready' as const, why: null, nextTryInMs: null }] }]
  const lines = plain(statusPage({ ...parts, reports, failingSinceMs: () => null }))
  expect(lines.find((line) => line.startsWith('sink'))).toBe('sink main  delivering')
})

const manyPartitions = [{ group: 'tb.process', partitions: Array.from({ length: 100 }, (_, at) => partition(at, at)) }]

test('a screen with many partitions ends with those that matter, and says how many there are beside', () => {
  const lines = plain(statusPage({ ...parts, groups: manyPartitions }), { rows: 24, columns: 200 })
  const shown = lines.filter((line) => line.startsWith('  raw/')).map((line) => line.trim().split(' ')[0])
  expect([lines.length, shown, lines.at(-1)]).toEqual([
    24,
    ['raw/99', 'raw/98', 'raw/97', 'raw/96', 'raw/95', 'raw/94', 'raw/93', 'raw/92'],
    '  and 92 partitions with less lag',
  ])
})

test.each([
  [24, 80],
  [24, 60],
  [10, 40],
  [4, 120],
])(
  'on a screen of %i rows and %i columns nothing scrolls away, and the cause stands whole at its top',
  (rows, columns) => {
    const why = 'the API key is not accepted (status 401); 4766 messages wait, next try in 17 s'
    const readiness = { ready: false, parts: [{ name: 'sink main', ready: false, why }] }
    const lines = plain(statusPage({ ...parts, readiness, groups: manyPartitions }), { rows, columns })
    const taken = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0)
    expect([taken <= rows, lines[0]?.startsWith('trackbridge 0.1.0  NOT READY'), lines[1]]).toEqual([
      true,
      true,
      `✗ sink main: ${why}`,
    ])
  },
)
