import { describe, expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import { createNarrator, overallOf, type Overall, type PartitionReport } from '../../src/sink/narrator.ts'
import type { WorkerState } from '../../src/sink/worker-state.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createRecordingLog } from '../support/recording-log.ts'

const delivering: Overall = {
  state: 'delivering',
  why: null,
  status: null,
  partitions: 1,
  waiting: 0,
  sinceMs: null,
  nextTryAtMs: null,
}
const retrying: Overall = {
  state: 'retrying',
  why: 'the API answers 503',
  status: 503,
  partitions: 2,
  waiting: 70,
  sinceMs: 1_000,
  nextTryAtMs: 9_000_000,
}
const blocked: Overall = { ...retrying, state: 'blocked', why: 'the API key is not accepted', status: 401 }
const stopped: Overall = { ...retrying, state: 'stopped', why: 'refused', status: null, nextTryAtMs: null }

function setUp(startMs = 1_000) {
  const clock = createFakeClock(startMs)
  const { log, lines } = createRecordingLog()
  const narrator = createNarrator(log, clock)
  let [rejected, recoveries] = [0, 0]
  return {
    lines,
    advance: (ms: number) => clock.advance(ms),
    reject: () => void rejected++,
    recover: () => void recoveries++,
    tell: (overall: Overall) => narrator.tell(overall, { rejected, recoveries }),
    hold: (overall: Overall, seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        narrator.tell(overall, { rejected, recoveries })
        clock.advance(1_000)
      }
    },
  }
}

const fields = { partitions: 2, waiting: 70, status: 503, why: 'the API answers 503' }
const wait = (ms: number): object => ({ outageMs: ms, nextTryInMs: 8_999_000 - ms })

describe('narrator', () => {
  test('tells an outage that lasts, then one line a minute, a worse state at once, and the end with its length', () => {
    const { lines, tell, hold, recover } = setUp()
    tell(delivering)
    hold(retrying, 130)
    tell(blocked)
    recover()
    tell(delivering)
    tell(delivering)
    expect(lines).toEqual([
      {
        level: 'warn',
        message: 'messages cannot be delivered for now; trying again with back-off',
        fields: { ...fields, ...wait(5_000) },
      },
      { level: 'warn', message: 'still not delivering', fields: { ...fields, ...wait(65_000), state: 'retrying' } },
      { level: 'warn', message: 'still not delivering', fields: { ...fields, ...wait(125_000), state: 'retrying' } },
      {
        level: 'error',
        message: 'blocked by a configuration fault; trying again with back-off until it is mended',
        fields: { ...fields, ...wait(130_000), status: 401, why: 'the API key is not accepted' },
      },
      { level: 'info', message: 'delivering again', fields: { outageMs: 130_000 } },
    ])
  })

  test('says nothing of an outage of less than 5 seconds', () => {
    const { lines, tell, hold, recover } = setUp()
    hold(retrying, 5)
    recover()
    tell(delivering)
    expect(lines).toEqual([])
  })

  test.each([
    ['a configuration fault', blocked],
    ['a partition that has stopped', stopped],
  ])('tells %s at once', (_, overall) => {
    const { lines, tell } = setUp()
    tell(overall)
    expect(lines.map(({ level, fields: found }) => [level, found['outageMs']])).toEqual([['error', 0]])
  })

  test('does not say that it delivers again when the partitions in trouble have gone to another instance', () => {
    const { lines, tell, hold } = setUp()
    hold(retrying, 6)
    tell(delivering)
    expect(lines.slice(1)).toEqual([
      {
        level: 'info',
        message: 'the partitions that were not delivered are no longer ours',
        fields: { outageMs: 6_000, state: 'retrying' },
      },
    ])
  })

  test('tells of outages by turns no more than once a minute', () => {
    const { lines, advance, hold, tell, recover } = setUp()
    for (let sinceMs = 1_000; sinceMs < 121_000; sinceMs += 10_000) {
      hold({ ...retrying, sinceMs }, 8)
      recover()
      tell(delivering)
      advance(2_000)
    }
    expect(lines.map(({ message }) => message)).toEqual([
      'messages cannot be delivered for now; trying again with back-off',
      'delivering again',
      'messages cannot be delivered for now; trying again with back-off',
      'delivering again',
    ])
  })

  test('counts an outage from its first failure, although partitions that fail come and go', () => {
    const { lines, hold } = setUp()
    hold(retrying, 30)
    hold({ ...retrying, sinceMs: 25_000 }, 40)
    expect(lines.map(({ fields: found }) => found['outageMs'])).toEqual([5_000, 65_000])
  })

  test('tells dead letters at most once a minute, with their number', () => {
    const { lines, hold, reject } = setUp()
    for (let second = 0; second <= 60; second++) {
      reject()
      hold(delivering, 1)
    }
    expect(lines).toEqual(
      [1, 60].map((deadLetters) => ({
        level: 'warn',
        message: 'messages went to the dead letters',
        fields: { deadLetters },
      })),
    )
  })
})

const report = (state: WorkerState, held: number, failingSinceMs: number | null = null): PartitionReport => ({
  state,
  held,
  failingSinceMs,
})

describe('overallOf', () => {
  const error = new TrackbridgeError('TB_DEAD_LETTER_REFUSED', 'refused')
  const reportRetrying = (failures: number, nextTryAtMs: number, failingSinceMs: number): PartitionReport =>
    report({ state: 'retrying', failures, why: 'x', status: null, nextTryAtMs }, 10, failingSinceMs)
  const many = [report({ state: 'delivering' }, 5), reportRetrying(3, 900, 40), reportRetrying(9, 800, 50)]
  const retryingNow = { why: 'x', status: null, partitions: 2, waiting: 20, sinceMs: 40, nextTryAtMs: 800 }
  const reportBlocked = report({ state: 'blocked', why: 'key', status: 401, nextTryAtMs: 7 }, 3, 60)
  const blockedNow = { why: 'key (status 401)', status: 401, partitions: 1, waiting: 3, sinceMs: 60, nextTryAtMs: 7 }
  const tls = report({ state: 'blocked', why: 'TLS', status: null, nextTryAtMs: 7 }, 3, 60)
  const stoppedNow = { why: 'TB_DEAD_LETTER_REFUSED: refused', status: null, partitions: 1, waiting: 2, sinceMs: 70 }

  test.each([
    ['no partitions', [], { ...delivering, partitions: 0 }],
    ['some that retry', many, { ...retryingNow, state: 'retrying' }],
    ['one that is blocked', [...many, reportBlocked], { ...blockedNow, state: 'blocked' }],
    ['one that is blocked without an answer', [tls], { ...blockedNow, state: 'blocked', why: 'TLS', status: null }],
    [
      'one that has stopped',
      [...many, reportBlocked, report({ state: 'stopped', error }, 2, 70)],
      { ...stoppedNow, state: 'stopped', nextTryAtMs: null },
    ],
    [
      'one or two failures in a row',
      [reportRetrying(2, 900, 40), report({ state: 'closed' }, 0)],
      { ...delivering, partitions: 2, waiting: 10 },
    ],
  ])('of %s is the gravest state, with its reason and the figures of those that are in it', (_, reports, overall) => {
    expect(overallOf(reports)).toEqual(overall)
  })
})
