import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { silentLog } from '../../src/ops/log.ts'
import { createPartitionWorker } from '../../src/sink/partition-worker.ts'
import type { ApiAnswer } from '../../src/sink/verdict.ts'
import { createFakeClock, runUntil, settle } from '../support/fake-clock.ts'
import { ids, limits, ok, openWorker, record, records, status } from '../support/worker.ts'

describe('batching', () => {
  test('a batch that is not full waits for its linger time, and for no longer', async () => {
    const { clock, worker, sent } = openWorker()
    worker.push(records(0, 2), 2)
    await settle()
    clock.advance(30)
    worker.push(records(2, 3), 3)
    await settle()
    clock.advance(19)
    await settle()
    expect(sent).toEqual([])
    clock.advance(1)
    await settle()
    expect(sent).toEqual([{ path: 'batch', ids: ids(0, 3), atMs: 50 }])
  })

  test('a full batch goes at once, and the next one only after it has settled', async () => {
    const answers: ((answer: ApiAnswer) => void)[] = []
    const { worker, sent } = openWorker({
      answer: () => new Promise((resolve) => answers.push(resolve)),
      limits: { maxBatchMessages: 2 },
    })
    worker.push(records(0, 4), 4)
    await settle()
    expect(sent.map((one) => one.ids)).toEqual([ids(0, 2)])
    answers[0]?.(ok)
    await settle()
    expect([sent.map((one) => one.ids), worker.committable()]).toEqual([[ids(0, 2), ids(2, 4)], 2])
  })

  test('a large call goes alone to the path of its type, in its place', async () => {
    const large = JSON.stringify({ type: 'group', messageId: 'large', a: 'x'.repeat(1_000) })
    const { clock, worker, sent } = openWorker()
    worker.push([record(0), record(1, large), record(2)], 3)
    await runUntil(clock, () => worker.committable() === 3)
    expect(sent.map(({ path, ids: sentIds }) => [path, sentIds])).toEqual([
      ['batch', ['m0']],
      ['group', ['large']],
      ['batch', ['m2']],
    ])
  })

  test('sentAt is the time of each attempt', async () => {
    const bodies: string[] = []
    const clock = createFakeClock(Date.UTC(2026, 10, 21, 10))
    const worker = createPartitionWorker(
      {
        clock,
        log: silentLog,
        random: () => 0.5,
        async send(makeRequest) {
          bodies.push(makeRequest().body.toString())
          return bodies.length === 1 ? status(503) : ok
        },
        deadLetter: async () => undefined,
        count: () => undefined,
        onState: () => undefined,
        onSettled: () => undefined,
      },
      { topic: 't', partition: 0, destination: 'main', limits },
    )
    worker.push([record(0, '{"type":"page","sentAt":"old","receivedAt":"old"}')], 1)
    await runUntil(clock, () => worker.committable() === 1)
    expect(bodies).toEqual([
      '{"batch":[{"type":"page","sentAt":"2026-11-21T10:00:00.050Z"}]}',
      '{"batch":[{"type":"page","sentAt":"2026-11-21T10:00:00.175Z"}]}',
    ])
  })
})

describe('retrying', () => {
  test.each([
    ['ECONNRESET', { networkError: 'ECONNRESET' }],
    ['429', status(429)],
    ['503', status(503)],
  ] as const)('goes on for as long as %s comes, then delivers', async (_, fault) => {
    const { clock, worker, sent, counted, states } = openWorker({ answer: (_ids, count) => (count > 40 ? ok : fault) })
    worker.push(records(0, 2), 2)
    await runUntil(clock, () => worker.committable() === 2)
    expect([sent.length, counted, states]).toEqual([
      41,
      { delivered: 2, rejected: 0, requests: 41, retries: 40 },
      ['retrying', 'delivering'],
    ])
    const gapsMs = sent.slice(1).map(({ atMs }, index) => atMs - sent[index]!.atMs)
    expect(gapsMs.slice(0, 10)).toEqual([125, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
  })

  test('waits as long as the API asks', async () => {
    const wait = { status: 429, headers: { 'retry-after': '7' }, body: '' }
    const { clock, worker, sent } = openWorker({ answer: (_ids, count) => (count > 1 ? ok : wait) })
    worker.push(records(0, 1), 1)
    await runUntil(clock, () => worker.committable() === 1)
    expect(sent.map(({ atMs }) => atMs)).toEqual([50, 7_050])
  })
})

describe('a configuration fault', () => {
  test('that is mended leaves its back-off behind: what fails then is waited for anew', async () => {
    const answers = [...Array.from({ length: 6 }, () => status(401)), status(503), status(503), ok]
    const { clock, worker, sent } = openWorker({ answer: (_ids, count) => answers[count - 1] ?? ok })
    worker.push(records(0, 1), 1)
    await runUntil(clock, () => worker.committable() === 1)
    const gapsMs = sent.slice(1).map(({ atMs }, index) => atMs - sent[index]!.atMs)
    expect(gapsMs).toEqual([125, 250, 500, 1_000, 2_000, 4_000, 125, 250])
  })

  test.each([401, 403, 404, 302])('%i blocks without dead letters until it is mended', async (code) => {
    let mended = false
    const { clock, worker, sent, letters, states } = openWorker({ answer: () => (mended ? ok : status(code)) })
    worker.push(records(0, 3), 3)
    await runUntil(clock, () => sent.length === 5)
    expect([worker.state().state, worker.committable(), letters]).toEqual(['blocked', null, []])
    mended = true
    await runUntil(clock, () => worker.committable() === 3)
    expect([sent.at(-1)?.ids, letters, states]).toEqual([ids(0, 3), [], ['blocked', 'delivering']])
  })

  test('is probed at once when another partition has seen it mended', async () => {
    const { clock, worker, sent } = openWorker({ answer: (_ids, count) => (count > 1 ? ok : status(401)) })
    worker.push(records(0, 1), 1)
    clock.advance(50)
    await settle()
    expect(sent.length).toBe(1)
    worker.wake()
    await settle()
    expect([sent.length, clock.now(), worker.committable()]).toEqual([2, 50, 1])
  })
})

describe('repeats', () => {
  test('records that are held or settled already are dropped', async () => {
    const { clock, worker, sent } = openWorker()
    worker.push(records(0, 3), 3)
    worker.push(records(1, 5), 6)
    await runUntil(clock, () => worker.committable() === 6)
    worker.push(records(0, 5), 6)
    worker.push(records(4, 7), 7)
    await runUntil(clock, () => worker.committable() === 7)
    expect(sent.flatMap((one) => one.ids)).toEqual([...ids(0, 5), 'm6'])
  })

  test('held bytes grow with a fetch and are free when it has settled', async () => {
    const { clock, worker } = openWorker()
    worker.push(records(0, 3), 3)
    worker.push(records(0, 3), 3)
    expect(worker.bufferedBytes()).toBe(3 * (200 + record(0).value!.length))
    await runUntil(clock, () => worker.committable() === 3)
    expect(worker.bufferedBytes()).toBe(0)
  })
})

describe('the end', () => {
  test('finishing lets the request under way settle, halves included, and takes up nothing new', async () => {
    const answers: ((answer: ApiAnswer) => void)[] = []
    const { worker, sent, letters } = openWorker({
      limits: { maxBatchMessages: 2 },
      answer: () => new Promise((resolve) => answers.push(resolve)),
    })
    worker.push(records(0, 4), 4)
    await settle()
    const finished = worker.finish()
    answers[0]?.(status(400))
    await settle()
    answers[1]?.(status(400))
    await settle()
    answers[2]?.(ok)
    await finished
    expect([sent.map((one) => one.ids), letters.length, worker.committable()]).toEqual([
      [['m0', 'm1'], ['m0'], ['m1']],
      1,
      2,
    ])
  })

  test('finishing does not wait for an outage to end', async () => {
    const { clock, worker } = openWorker({ answer: () => status(503) })
    worker.push(records(0, 1), 1)
    await runUntil(clock, () => worker.state().state === 'retrying')
    await worker.finish()
    expect(worker.committable()).toBe(null)
  })

  test('finishing does not try again what comes to nothing meanwhile', async () => {
    const answers: ((answer: ApiAnswer) => void)[] = []
    const { clock, worker } = openWorker({ answer: () => new Promise((resolve) => answers.push(resolve)) })
    worker.push(records(0, 1), 1)
    clock.advance(50)
    await settle()
    const finished = worker.finish()
    answers[0]?.(status(503))
    await finished
    expect([worker.committable(), clock.sleeping()]).toEqual([null, 0])
  })

  test('closing while a dead letter is being written does not count it', async () => {
    const written: (() => void)[] = []
    const { worker, counted } = openWorker({ deadLetter: () => new Promise((resolve) => written.push(resolve)) })
    worker.push([record(0, 'no json')], 1)
    await settle()
    worker.close()
    written[0]?.()
    await settle()
    expect([worker.committable(), counted.rejected]).toEqual([null, 0])
  })

  test('closing forgets what is in flight, whatever becomes of it', async () => {
    const answers: ((answer: ApiAnswer) => void)[] = []
    const { clock, worker, sent, counted } = openWorker({
      answer: () => new Promise((resolve) => answers.push(resolve)),
    })
    worker.push(records(0, 1), 1)
    clock.advance(50)
    await settle()
    worker.close()
    answers[0]?.(ok)
    await settle()
    worker.push(records(1, 2), 2)
    clock.advance(100)
    await settle()
    expect([worker.committable(), worker.state(), sent.length, counted.delivered]).toEqual([
      null,
      { state: 'closed' },
      1,
      0,
    ])
  })

  test('closing at any step of any course loses nothing: what is committable was delivered or is a dead letter', async () => {
    const course = fc.record({
      closeAfter: fc.nat(60),
      answers: fc.array(fc.constantFrom(200, 200, 400, 429, 401), { minLength: 1, maxLength: 30 }),
      count: fc.integer({ min: 1, max: 12 }),
      maxBatchMessages: fc.integer({ min: 1, max: 5 }),
    })
    await fc.assert(
      fc.asyncProperty(course, async ({ closeAfter, answers, count, maxBatchMessages }) => {
        const safe = new Set<string>()
        const { clock, worker } = openWorker({
          limits: { maxBatchMessages },
          answer(sentIds, request) {
            const code = answers[request % answers.length] ?? 200
            if (code === 200) for (const id of sentIds) safe.add(id)
            return status(code)
          },
          async deadLetter(letters) {
            for (const { source } of letters) safe.add(`m${source.offset}`)
          },
        })
        worker.push(records(0, count), count)
        for (let step = 0; step < closeAfter; step++) {
          await settle(1)
          if (step % 3 === 2) clock.advanceToNext()
        }
        worker.close()
        await settle(3)
        for (let offset = 0; offset < (worker.committable() ?? 0); offset++) expect(safe).toContain(`m${offset}`)
      }),
      { numRuns: 60 },
    )
  })
})
