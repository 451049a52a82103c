import { expect, test } from 'vitest'
import type { OpenedReplay } from '../../../src/cli/replay/replay-opening.ts'
import {
  doneText,
  durationOf,
  planText,
  progressLine,
  progressTable,
  resultText,
} from '../../../src/cli/replay/replay-text.ts'
import type { ReplayProgress } from '../../../src/replay/replay-watch.ts'

const progress: ReplayProgress = {
  partitions: [
    { topic: 'raw', partition: 0, from: 100, to: 1_300, next: 700, isDone: false },
    { topic: 'raw', partition: 1, from: 5, to: 5, next: 5, isDone: true },
  ],
  offsets: 1_200,
  doneOffsets: 600,
  isDone: false,
}

const note = {
  stage: 'translate',
  from: '2026-03-01',
  to: 'latest',
  destinations: [],
  filter: ['type=track', 'event=A*'],
  topics: ['raw'],
  begun: '2026-04-01T00:00:00.000Z',
} as const

const opened = (changes: Partial<OpenedReplay> = {}): OpenedReplay => ({
  state: 'new',
  replay: { note, ranges: [] },
  job: {
    stage: 'translate',
    config: {} as OpenedReplay['job']['config'],
    outputs: [{ destination: 'main', topic: 'main.backfill' }],
    forwarding: [{ destination: 'main', requestsPerSecond: 2, maxBatchMessages: 10 }],
    liveGroups: [],
  },
  filter: { partition: () => true },
  cut: [],
  ...changes,
})

test('the plan says what will be done: window, filter, group, topics, offsets by partition, and how long it takes', () => {
  const facts = { name: 'spring', group: 'tb.replay.spring', rate: 100, progress: { ...progress, doneOffsets: 0 } }
  expect(planText(opened(), facts).split('\n')).toEqual([
    'replay spring, translate: begins now',
    '  window   2026-03-01 to latest',
    '  filter   type=track  event=A*',
    '  group    tb.replay.spring',
    '  writes   main.backfill (main)',
    '',
    '  partition  from     to  offsets',
    '  raw/0       100  1,300    1,200',
    '  raw/1         5      5        0',
    '  all                       1,200',
    '',
    '  at most 1,200 events to go: control records take some of the offsets',
    '  at 100/s: about 12 s',
    "  at the rate of main's API, 2 requests/s of up to 10 messages: at least about 1 min 0 s",
  ])
})

test('the plan of one that goes on says how far it is; what retention took is told', () => {
  const cut = [
    { topic: 'raw', partition: 0, from: 100, to: 1_300, earliest: 100, isCut: true, firstMs: Date.UTC(2026, 2, 5) },
    { topic: 'raw', partition: 1, from: 5, to: 5, earliest: 5, isCut: false, firstMs: null },
  ]
  const lines = planText(opened({ state: 'begun', cut }), {
    name: 'spring',
    group: 'g',
    rate: Infinity,
    progress,
  }).split('\n')
  expect([lines[0], lines[1], lines[12], ...lines.slice(-2)]).toEqual([
    'replay spring, translate: begun 2026-04-01T00:00:00.000Z, goes on at 50 %',
    '  window   2026-03-01 to latest as of its beginning',
    '  no --rate: as fast as it goes',
    '! raw/0: records of the window may be gone: Kafka has deleted all below offset 100; the first record left is of 2026-03-05T00:00:00.000Z',
    '! raw/1: records of the window may be gone: Kafka has deleted all below offset 5; nothing of the window is left',
  ])
})

const outcomes = { raw: 600, translated: 590, deadLetters: 10, skipped: 0 }

test.each([
  [
    { perSecond: 50, held: undefined },
    '50 %  600 of 1,200 offsets  50/s  ETA 12 s  read 600, translated 590, dead letters 10',
  ],
  [
    { perSecond: 0, held: undefined },
    '50 %  600 of 1,200 offsets  0/s  ETA unknown  read 600, translated 590, dead letters 10',
  ],
  [
    { perSecond: 0, held: 'tb.process is 9 behind, more than 5' },
    '50 %  600 of 1,200 offsets  0/s  held back: tb.process is 9 behind, more than 5  read 600, translated 590, dead letters 10',
  ],
])('progress with %j reads %j', (facts, line) => {
  expect(progressLine(progress, { ...facts, outcomes })).toBe(line)
})

test('in a terminal each partition has a bar, as far as there is room; those that are done go first', () => {
  const facts = { perSecond: 50, held: undefined, outcomes: {} }
  const line = '50 %  600 of 1,200 offsets  50/s  ETA 12 s'
  const half = `raw/0  ${'█'.repeat(12)}${'░'.repeat(12)}  50 %  600 to go`
  expect(progressTable(progress, facts, 10)).toEqual([half, `raw/1  ${'█'.repeat(24)} 100 %  0 to go`, '', line])
  expect(progressTable(progress, facts, 3)).toEqual(['2 other partitions, of 1 that are not done', '', line])
})

test('the result says done or how to go on, with what came of the records', () => {
  const facts = { name: 'spring', seconds: 12.3, perSecond: 50, held: undefined, outcomes, written: { main: 1_590 } }
  expect(resultText(progress, facts).split('\n')).toEqual([
    'replay spring is stopped at 50 %: 600 offsets to go; --name spring goes on with it',
    '  read 600, translated 590, dead letters 10 (by this process)',
    '  written: main 1,590',
  ])
  expect(resultText({ ...progress, doneOffsets: 1_200, isDone: true }, { ...facts, outcomes: {}, written: {} })).toBe(
    'replay spring is done: 1,200 offsets, in this process after 13 s',
  )
})

test('one that was done before says since when', () => {
  expect(doneText('spring', { ...note, done: '2026-04-02T00:00:00.000Z' })).toBe(
    'replay spring, translate from 2026-03-01 to latest, begun 2026-04-01T00:00:00.000Z: done since 2026-04-02T00:00:00.000Z; nothing is to be written. --restart begins it anew.',
  )
})

test.each([
  [0.2, '1 s'],
  [59, '59 s'],
  [200, '3 min 20 s'],
  [18_725, '5 h 12 min'],
  [187_300, '2 d 4 h'],
])('%d seconds read %s', (seconds, text) => {
  expect(durationOf(seconds)).toBe(text)
})
