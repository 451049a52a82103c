import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import { runUntil, settle } from '../support/fake-clock.ts'
import { ids, ok, openWorker, record, records, status } from '../support/worker.ts'

const sentAtBytes = '2026-11-21T10:00:00.000Z'.length

describe('records that cannot be sent', () => {
  test('are dead letters that say why, and the others go on in order', async () => {
    const huge = JSON.stringify({ type: 'track', a: 'x'.repeat(3_000) })
    const { clock, worker, sent, letters, counted } = openWorker()
    worker.push([record(0), record(1, 'no json'), record(2, null), record(3, huge), record(5)], 9)
    await runUntil(clock, () => worker.committable() === 9)
    const hugeBytes = huge.length + ',"sentAt":""'.length + sentAtBytes
    expect(
      letters.map(({ source, reason, message, attempt, answer }) => [source.offset, reason, message, attempt, answer]),
    ).toEqual([
      [1, 'unreadable', 'the value is not JSON', 1, undefined],
      [2, 'unreadable', 'the record has no value; expected the JSON of a Pipelines message', 1, undefined],
      [3, 'too_large', `the message has ${hugeBytes} bytes as JSON; at most 2000 can be sent`, 1, undefined],
    ])
    expect([sent.map((one) => one.ids), counted]).toEqual([
      [['m0', 'm5']],
      { delivered: 2, rejected: 3, requests: 1, retries: 0 },
    ])
  })

  test('keep their bytes, and carry where they stood and when they failed', async () => {
    const { worker, letters } = openWorker()
    const bad = { ...record(4, 'no json'), key: Buffer.from([0xff]), timestamp: 7 }
    worker.push([bad], 5)
    await settle()
    expect(letters).toEqual([
      {
        source: { ...bad, topic: 't', partition: 0 },
        reason: 'unreadable',
        message: 'the value is not JSON',
        stage: 'sink',
        destination: 'main',
        attempt: 1,
        at: 0,
      },
    ])
  })
})

describe('halving', () => {
  test('isolates exactly the offenders, keeps the order of the rest, and delivers each of them once', async () => {
    const cases = fc.integer({ min: 1, max: 60 }).chain((count) =>
      fc.record({
        count: fc.constant(count),
        offenders: fc.uniqueArray(fc.nat(count - 1)),
        maxBatchMessages: fc.integer({ min: 1, max: 70 }),
        code: fc.constantFrom(400, 413, 422, 451),
      }),
    )
    await fc.assert(
      fc.asyncProperty(cases, async ({ count, offenders, maxBatchMessages, code }) => {
        const bad = new Set(offenders.map((offset) => `m${offset}`))
        const delivered: string[] = []
        const { clock, worker, letters } = openWorker({
          limits: { maxBatchMessages },
          answer(sentIds) {
            if (sentIds.some((id) => bad.has(id))) return status(code)
            delivered.push(...sentIds)
            return ok
          },
        })
        worker.push(records(0, count), count)
        await runUntil(clock, () => worker.committable() === count)
        worker.close()
        expect(delivered).toEqual(ids(0, count).filter((id) => !bad.has(id)))
        expect(letters.map(({ source }) => source.offset)).toEqual(offenders.toSorted((a, b) => a - b))
      }),
      { numRuns: 60 },
    )
  })

  test.each([
    [400, 'rejected'],
    [413, 'too_large'],
  ])('a single message refused with %i is a dead letter of reason %s with the answer', async (code, reason) => {
    const { clock, worker, letters } = openWorker({ answer: (sentIds) => (sentIds.includes('m1') ? status(code) : ok) })
    worker.push(records(0, 2), 2)
    await runUntil(clock, () => worker.committable() === 2)
    expect(letters).toEqual([
      {
        source: { ...record(1), topic: 't', partition: 0 },
        reason,
        message: `the API refuses this track message with status ${code}`,
        stage: 'sink',
        destination: 'main',
        attempt: 2,
        answer: { status: code, body: 'no' },
        at: 50,
      },
    ])
  })
})

describe('dead letters', () => {
  const alwaysRefused = { answer: () => status(400) }

  test('are written beside the next request, and no request goes further ahead of them', async () => {
    const written = Promise.withResolvers<void>()
    const { clock, worker, sent, letters } = openWorker({
      answer: (given) => (given.includes('m1') ? status(400) : ok),
      deadLetter: () => written.promise,
      limits: { maxBatchMessages: 2 },
    })
    worker.push(records(0, 8), 8)
    await runUntil(clock, () => sent.length === 4)
    await settle(100)
    const requests = [['m0', 'm1'], ['m0'], ['m1'], ['m2', 'm3']]
    const told = (): (readonly string[])[] => sent.map((request) => request.ids)
    expect([told(), worker.committable(), letters.length]).toEqual([requests, 1, 0])
    written.resolve()
    await runUntil(clock, () => worker.committable() === 8)
    expect([told(), letters.map(({ source }) => source.offset)]).toEqual([
      [...requests, ['m4', 'm5'], ['m6', 'm7']],
      [1],
    ])
  })

  test('are tried again while Kafka is away, and nothing is committed before', async () => {
    let away = 3
    const { clock, worker, letters, states } = openWorker({
      ...alwaysRefused,
      async deadLetter() {
        if (away-- > 0) throw new TrackbridgeError('TB_KAFKA_UNAVAILABLE', 'away')
      },
    })
    worker.push(records(0, 1), 1)
    await runUntil(clock, () => away === 0)
    expect([worker.committable(), worker.state().state]).toEqual([null, 'retrying'])
    await runUntil(clock, () => worker.committable() === 1)
    expect([letters.length, states]).toEqual([1, ['retrying', 'delivering']])
  })

  test.each([
    ['TB_KAFKA_UNAUTHORIZED', 'blocked', 'Kafka does not take dead letters: denied'],
    ['TB_REGISTRY_UNAVAILABLE', 'retrying', 'dead letters cannot be encoded: denied'],
  ] as const)('go on by themselves after %s, which is told', async (code, expected, why) => {
    let denied = true
    const { clock, worker, letters, sent } = openWorker({
      ...alwaysRefused,
      async deadLetter() {
        if (denied) throw new TrackbridgeError(code, 'denied')
      },
    })
    worker.push(records(0, 1), 1)
    await runUntil(clock, () => worker.state().state === expected)
    expect([worker.committable(), worker.state()]).toEqual([null, expect.objectContaining({ state: expected, why })])
    denied = false
    await runUntil(clock, () => worker.committable() === 1)
    expect([letters.length, worker.state().state, sent.length]).toEqual([1, 'delivering', 1])
  })

  test.each([
    ['a refusal', new TrackbridgeError('TB_DEAD_LETTER_REFUSED', 'too large')],
    ['a fault that no time mends', new TrackbridgeError('TB_KAFKA_FATAL', 'no')],
    ['an unknown fault', new Error('odd')],
  ])('that Kafka does not take (%s) stop the partition, and nothing is skipped', async (_, fault) => {
    const { clock, worker, sent } = openWorker({ ...alwaysRefused, deadLetter: () => Promise.reject(fault) })
    worker.push(records(0, 1), 1)
    await runUntil(clock, () => worker.state().state === 'stopped')
    worker.push(records(1, 2), 2)
    clock.advance(600_000)
    await settle()
    const state = worker.state()
    expect([state.state === 'stopped' && state.error.code, worker.committable(), sent.length]).toEqual([
      'TB_DEAD_LETTER_REFUSED',
      null,
      1,
    ])
  })
})
