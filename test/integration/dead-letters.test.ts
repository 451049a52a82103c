import { expect, onTestFinished, test } from 'vitest'
import { startProcessor } from '../../src/processor/processor.ts'
import { processorOptions } from '../../src/cli/run/processor-engine.ts'
import { systemClock } from '../../src/clock.ts'
import { silentLog } from '../../src/ops/log.ts'
import { deadLetterRecord } from '../../src/records/dead-letter.ts'
import { markRecord } from '../../src/records/marks.ts'
import {
  contents,
  contentsOf,
  deadLetters,
  ending,
  eventOf,
  lettersOn,
  marksOn,
  processed,
  rawOf,
  setUpLetters,
  write,
  type Letters,
  type Raw,
} from '../support/dead-letters.ts'
import { kafkaClient, produceRaw, randomName } from '../support/kafka.ts'
import { openBroker } from '../support/kafkajs-adapter.ts'
import { watchUncommitted } from '../support/pipeline.ts'
import { startTrackbridge } from '../support/trackbridge-process.ts'
import { until } from '../support/until.ts'

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, number) => number)

/** Dead letters of events that a wrong raw.format made unreadable; what they should have become. */
async function unreadableEvents(letters: Letters, count: number) {
  const raws = numbers(count).map((number) => eventOf(letters, number))
  await write(processed(letters, raws, { wrongFormat: true }))
  return processed(letters, raws)
}

async function expectEachOnce({ destinations }: Letters, expected: Awaited<ReturnType<typeof unreadableEvents>>) {
  for (const topic of destinations) expect(await contents(topic)).toEqual(contentsOf(expected, topic))
}

test('redrive gives what process would have given, and redrive twice gives nothing new', async () => {
  const letters = await setUpLetters()
  const { pipeline, config, destinations, deadLetters: topic } = letters
  for (const partition of [0, 1])
    await produceRaw(
      pipeline.rawTopic,
      numbers(10).map((offset) => {
        const { key, value, timestamp } = eventOf(letters, offset)
        return { partition, key, value, timestamp: String(timestamp) }
      }),
    )
  const wrong = { ...config, raw: { ...config.raw, format: 'avro' as const } }
  const deps = { broker: openBroker(), clock: systemClock, log: silentLog }
  const processor = await startProcessor(deps, { ...processorOptions(wrong), maxDeadLetterShare: 1 })
  onTestFinished(() => processor.stop())
  await until(() => processor.status().counts.deadLetters === 20)
  await processor.stop()
  const raws = (await lettersOn(topic)).map(({ letter }) => {
    const { source, key, value } = letter as { source: Raw & { timestamp: string }; key: string; value: string }
    const { partition, offset } = source
    const timestamp = Date.parse(source.timestamp)
    return rawOf(letters, value, { partition, offset, timestamp, key: Buffer.from(key) })
  })
  expect(JSON.parse(await ending(0, deadLetters(letters, 'redrive', '--json')))).toMatchObject({
    done: { redriven: 20, messages: 40, failedAgain: 0, written: { [destinations[0]]: 20, [destinations[1]]: 20 } },
  })
  await expectEachOnce(letters, processed(letters, raws))
  const before = [await marksOn(topic), await contents(destinations[0])]
  expect(JSON.parse(await ending(0, deadLetters(letters, 'redrive', '--json')))).toMatchObject({
    plan: { redriven: 0, alreadyRedriven: 20 },
    done: null,
  })
  expect([await marksOn(topic), await contents(destinations[0])]).toEqual(before)
  process.stderr.write(`redrive twice: first 20 letters -> 40 messages, second 0 letters; marks ${before[0]?.length}\n`)
})

test('a redrive killed three times in the middle and run again gives each message once', async () => {
  const letters = await setUpLetters()
  const expected = await unreadableEvents(letters, 6_000)
  const kills: number[] = []
  for (let round = 0; round < 3; round++) {
    const watch = await watchUncommitted(letters.destinations[0])
    await until(async () => watch.seen() >= (await contents(letters.destinations[0])).length)
    const arrived = watch.next()
    const running = startTrackbridge(['dead-letters', 'redrive'], letters.pipeline.config)
    await Promise.race([arrived, running.ended])
    running.send('SIGKILL')
    await running.ended
    kills.push((await marksOn(letters.deadLetters)).length)
  }
  await ending(0, deadLetters(letters, 'redrive'))
  await expectEachOnce(letters, expected)
  expect(new Set(await marksOn(letters.deadLetters)).size).toBe(6_000)
  expect(await marksOn(letters.deadLetters)).toHaveLength(6_000)
  expect(kills[0]).toBeLessThan(6_000)
  process.stderr.write(`killed three times: marks after each kill ${kills.join(', ')} of 6000; each message once\n`)
})

test('of two redrives at once each letter is run by one of them', async () => {
  const letters = await setUpLetters()
  const expected = await unreadableEvents(letters, 3_000)
  const ends = await Promise.all([deadLetters(letters, 'redrive'), deadLetters(letters, 'redrive')])
  await ending(0, deadLetters(letters, 'redrive'))
  await expectEachOnce(letters, expected)
  expect(await marksOn(letters.deadLetters)).toHaveLength(3_000)
  for (const { exitCode, stderr } of ends) {
    if (exitCode !== 0) expect(stderr).toContain('another redrive or forget works on')
  }
  process.stderr.write(
    `two redrives at once: exit codes ${ends.map(({ exitCode }) => exitCode).join(', ')}; 3000 letters once\n`,
  )
})

test('marks behind an open transaction of somebody else are waited for', async () => {
  const letters = await setUpLetters()
  const { deadLetters: topic } = letters
  await unreadableEvents(letters, 4)
  const producer = kafkaClient().producer({
    transactionalId: randomName('process'),
    idempotent: true,
    maxInFlightRequests: 1,
  })
  await producer.connect()
  onTestFinished(() => producer.disconnect())
  const foreign = await producer.transaction()
  await foreign.send({ topic, messages: [{ partition: 0, value: 'open' }] })
  // Another redrive commits its marks behind it.
  const owner = `${letters.pipeline.prefix}.redrive`
  const other = openBroker().transactions(owner, `${owner}.${topic}.0`, 30_000)
  await other.init()
  const marks = [0, 1].map((offset) => markRecord({ kind: 'redriven', topic, partition: 0, offset }))
  const records = marks.map((mark) => ({ ...mark, topic, partition: 0, timestamp: systemClock.now() }))
  expect(await other.commit(records)).toEqual({ ok: true })
  await other.close()
  let isOver = false
  const redriving = deadLetters(letters, 'redrive', '--json').finally(() => (isOver = true))
  // The time that it needs to come to the partition.
  await until(async () => (await contents(letters.destinations[0])).length > 0 || isOver, { timeoutMs: 4_000 }).catch(
    () => undefined,
  )
  expect(isOver).toBe(false)
  await foreign.abort()
  expect(JSON.parse((await redriving).stdout)).toMatchObject({ plan: { redriven: 4 }, done: { redriven: 2 } })
  expect(await contents(letters.destinations[0])).toHaveLength(2)
})

test("a sink's dead letter goes to its destination's topic and to no other, as it was", async () => {
  const letters = await setUpLetters()
  const [main, shop] = letters.destinations
  const [message] = processed(letters, [eventOf(letters, 7)]).filter(({ topic }) => topic === shop)
  const headers = Object.entries(message?.headers ?? {}).map(([name, text]) => [name, Buffer.from(text)] as const)
  const [key, value] = [Buffer.from(message?.key ?? ''), Buffer.from(message?.value ?? '')]
  const source = { topic: shop, partition: 1, offset: 3, timestamp: systemClock.now(), key, value, headers }
  const about = { reason: 'rejected', message: 'no', stage: 'sink', attempt: 1, at: source.timestamp } as const
  const records = ['shop', 'gone'].map((destination) => ({
    ...deadLetterRecord({ source, destination, answer: { status: 400, body: '{}' }, ...about }),
    topic: letters.deadLetters,
    partition: 1,
    timestamp: source.timestamp,
  }))
  await write(records)
  expect(await ending(1, deadLetters(letters, 'redrive'))).toContain(
    '1 letter stays as it is: destination "gone" is not in the configuration any more',
  )
  expect(await contents(main)).toEqual([])
  expect(await contents(shop)).toEqual(contentsOf(message ? [message] : [], shop))
  expect(await marksOn(letters.deadLetters)).toEqual([`redriven ${letters.deadLetters}:1:0`])
})

test('forget hides a person, what fails again has attempt 2 and its first provenance, and a mended letter comes back', async () => {
  const letters = await setUpLetters()
  const { deadLetters: topic, destinations } = letters
  const nameless = { type: 'person', action: 'event', identifiers: { id: 'p9' } }
  const faulty = rawOf(letters, nameless, { offset: 40, partition: 1, key: null })
  const forgotten = rawOf(
    letters,
    { ...nameless, identifiers: { email: 'a@example.org' } },
    { offset: 41, partition: 1 },
  )
  await write(processed(letters, [faulty, forgotten]))
  const told = await ending(0, deadLetters(letters, 'forget', '--user', 'a@example.org'))
  expect(told).toContain(`${topic}: 1 record of this person; hidden from now on`)
  await ending(0, deadLetters(letters, 'redrive'))
  const source = { topic: letters.pipeline.rawTopic, partition: 1, offset: 40 }
  expect((await lettersOn(topic)).map(({ letter, headers }) => [letter, headers['tb-replay']])).toMatchObject([
    [{ reason: 'invalid', attempt: 1, source }, undefined],
    [{ reason: 'invalid', attempt: 1 }, undefined],
    [{ reason: 'invalid', attempt: 2, source }, 'redrive'],
  ])
  const lines = (await ending(0, deadLetters(letters, 'export'))).trim().split('\n')
  expect(lines).toHaveLength(1)
  const line = JSON.parse(lines[0] ?? '') as { readonly value: string }
  const value = { ...(JSON.parse(line.value) as object), name: 'mended' }
  const file = `${randomName('mended')}.ndjson`
  const { writeFileSync, rmSync } = await import('node:fs')
  writeFileSync(file, `${JSON.stringify({ ...line, value })}\n`)
  onTestFinished(() => rmSync(file))
  await ending(0, deadLetters(letters, 'redrive', '--from-file', file))
  const expected = processed(letters, [rawOf(letters, value, { ...source, timestamp: faulty.timestamp, key: null })])
  for (const destination of destinations) expect(await contents(destination)).toEqual(contentsOf(expected, destination))
  expect(await ending(0, deadLetters(letters, 'redrive', '--from-file', file))).toContain('redriven before: 1')
  expect(await ending(0, deadLetters(letters, 'list'))).toBe(
    `0 dead letters on ${topic}; left out: 2 redriven (--all shows them), 1 of forgotten persons\n`,
  )
})
