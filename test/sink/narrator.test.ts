import { describe, expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import type { Log } from '../../src/ops/log.ts'
import { createNarrator, overallOf, type Overall } from '../../src/sink/narrator.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const delivering: Overall = { state: 'delivering', why: null, partitions: 1 }
const retrying: Overall = { state: 'retrying', why: 'the API answers 503', partitions: 1 }
const blocked: Overall = { state: 'blocked', why: 'the API key is not accepted (status 401)', partitions: 2 }

function recordingLog(): { log: Log; lines: string[] } {
  const lines: string[] = []
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`)
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log }
  return { log, lines }
}

describe('narrator', () => {
  test('tells a change once, an outage once a minute, and its end with its length', () => {
    const clock = createFakeClock(0)
    const { log, lines } = recordingLog()
    const narrator = createNarrator(log, clock)
    narrator.tell(delivering, 0)
    for (let second = 0; second < 130; second++) {
      narrator.tell(retrying, 0)
      clock.advance(1_000)
    }
    narrator.tell(blocked, 0)
    narrator.tell(delivering, 0)
    narrator.tell(delivering, 0)
    const why = '"why":"the API answers 503","partitions":1'
    expect(lines).toEqual([
      `warn messages cannot be delivered for now; trying again with back-off {${why},"outageMs":0}`,
      `warn still not delivering {${why},"outageMs":60000,"state":"retrying"}`,
      `warn still not delivering {${why},"outageMs":120000,"state":"retrying"}`,
      'error blocked by a configuration fault; trying again with back-off until it is mended ' +
        '{"why":"the API key is not accepted (status 401)","partitions":2,"outageMs":130000}',
      'info delivering again {"why":null,"partitions":1,"outageMs":130000}',
    ])
  })

  test('tells dead letters at most once a minute, with their number', () => {
    const clock = createFakeClock(0)
    const { log, lines } = recordingLog()
    const narrator = createNarrator(log, clock)
    for (let second = 0; second <= 60; second++) {
      narrator.tell(delivering, 1 + second)
      clock.advance(1_000)
    }
    expect(lines).toEqual([
      'warn messages went to the dead letters {"deadLetters":1}',
      'warn messages went to the dead letters {"deadLetters":60}',
    ])
  })
})

describe('overallOf', () => {
  test('of no partitions is delivering', () => {
    expect(overallOf([])).toEqual({ state: 'delivering', why: null, partitions: 0 })
  })

  test('is the gravest state with its reason and its number of partitions', () => {
    const error = new TrackbridgeError('TB_DEAD_LETTER_REFUSED', 'refused')
    const why = 'x'
    const many = [
      { state: 'delivering' },
      { state: 'retrying', failures: 3, why },
      { state: 'retrying', failures: 9, why },
    ] as const
    expect(overallOf(many)).toEqual({ state: 'retrying', why: 'x', partitions: 2 })
    expect(overallOf([...many, { state: 'blocked', status: 401, why: 'key' }])).toEqual({
      state: 'blocked',
      why: 'key (status 401)',
      partitions: 1,
    })
    expect(overallOf([...many, { state: 'blocked', status: 401, why: 'key' }, { state: 'stopped', error }])).toEqual({
      state: 'stopped',
      why: 'TB_DEAD_LETTER_REFUSED: refused',
      partitions: 1,
    })
  })

  test('does not count one or two failures in a row as an outage', () => {
    expect(overallOf([{ state: 'retrying', failures: 2, why: 'x' }, { state: 'closed' }])).toEqual({
      state: 'delivering',
      why: null,
      partitions: 2,
    })
  })
})
