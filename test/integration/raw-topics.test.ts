import { expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { createTopics, kafkaBrokers, kafkaClient, randomName, readCommitted } from '../support/kafka.ts'
import { mixedCalls, type MixedCall } from '../support/mixed-calls.ts'
import { watchOffsets, watchUncommitted, type OffsetWatch } from '../support/pipeline.ts'
import { startTrackbridge, type TrackbridgeProcess } from '../support/trackbridge-process.ts'
import { until } from '../support/until.ts'
import { nothingAmiss, verifyOutput, type Output, type RawInput } from '../support/verify-output.ts'

const count = 12_000
const lateCount = 3_000

interface Shape {
  /** A call as this topic has it. */
  wrap(call: MixedCall): { readonly value: string | null; readonly headers: Readonly<Record<string, string>> }
  /** What stands on the topic, as our own raw record would have it. */
  unwrap(record: { readonly value: string | null; readonly headers: Readonly<Record<string, string>> }): string | null
}

const envelope: Shape = {
  wrap: ({ value }) => ({ value, headers: {} }),
  unwrap: ({ value }) => value,
}

interface Call {
  readonly source: string
  readonly method: string
  readonly path: string
  readonly body: unknown
}

const httpLog: Shape = {
  wrap({ value }) {
    if (value === null) return { value, headers: {} }
    try {
      const { body, ...headers } = JSON.parse(value) as Call
      return { value: JSON.stringify(body), headers }
    } catch {
      return { value: '{"name":', headers: { method: 'POST', path: '/api/v1/customers/broken/events' } }
    }
  },
  unwrap: ({ value, headers }) => (value === null ? null : JSON.stringify({ ...headers, body: value })),
}

interface RawTopic {
  readonly topic: string
  readonly shape: Shape
  readonly count: number
  readonly partitions: number
}

async function produce({ topic, shape, count: wanted, partitions }: RawTopic): Promise<void> {
  const timestamp = systemClock.now()
  const calls = mixedCalls({ topic, count: wanted, partitions, people: 500, timestamp })
  const producer = kafkaClient().producer({ allowAutoTopicCreation: false, maxInFlightRequests: 1 })
  await producer.connect()
  try {
    for (let start = 0; start < calls.length; start += 2_000) {
      const messages = calls.slice(start, start + 2_000).map((call) => {
        const { key, partition } = call
        return { key, partition, timestamp: String(timestamp), ...shape.wrap(call) }
      })
      await producer.send({ topic, messages, acks: -1 })
    }
  } finally {
    await producer.disconnect()
  }
}

async function readRaw({ topic, shape, count: wanted }: RawTopic): Promise<readonly RawInput[]> {
  const records = await readCommitted(topic, { until: wanted, timeoutMs: 60_000 })
  return records.map(({ partition, offset, timestamp, ...record }) => ({
    topic,
    partition,
    offset,
    timestamp,
    value: shape.unwrap(record),
  }))
}

const sum = async (watches: readonly OffsetWatch[]): Promise<number> => {
  const done = await Promise.all(watches.map((watch) => watch.done()))
  return done.reduce((total, one) => total + one, 0)
}

async function untilDone(running: TrackbridgeProcess, watches: readonly OffsetWatch[], wanted: number): Promise<void> {
  const describe = (): string => `all ${wanted} raw records done; last lines:\n${running.tail()}`
  await until(async () => running.isOver() || (await sum(watches)) === wanted, { timeoutMs: 60_000, describe })
}

test(
  'two raw topics of different sizes and shapes, a kill, and a third topic that appears later and matches the pattern: every record is accounted for, once, in order',
  { timeout: 200_000 },
  async () => {
    const prefix = randomName('tb')
    const web: RawTopic = { topic: `${prefix}.track.web`, shape: envelope, count, partitions: 3 }
    const app: RawTopic = { topic: `${prefix}.track.app`, shape: httpLog, count, partitions: 5 }
    const late: RawTopic = { topic: `${prefix}.track.late`, shape: envelope, count: lateCount, partitions: 2 }
    const topics = {
      destinations: [`${prefix}.main`],
      deadLetters: `${prefix}.dlq`,
      unsupported: `${prefix}.unsupported`,
    }
    const written = [...topics.destinations, topics.deadLetters, topics.unsupported]
    await createTopics({
      ...Object.fromEntries(written.map((name) => [name, 5])),
      [web.topic]: web.partitions,
      [app.topic]: app.partitions,
      // Only begins like those that match.
      [`${prefix}.tracking`]: 1,
    })
    await Promise.all([produce(web), produce(app)])
    const raw = [...(await readRaw(web)), ...(await readRaw(app))]
    const config = {
      kafka: { brokers: kafkaBrokers(), prefix, sessionTimeoutMs: 6_000 },
      raw: {
        pattern: `${prefix.replaceAll('.', String.raw`\.`)}\\.track\\..*`,
        callByTopic: { [app.topic]: 'http-log' },
      },
      process: { chunkRecords: 200, maxBytesPerPartition: 16_384, metadataMaxAgeMs: 1_000 },
      destinations: [{ name: 'main', topic: topics.destinations[0] }],
      deadLetters: { topic: topics.deadLetters },
      unsupported: { topic: topics.unsupported },
      log: { level: 'info', format: 'json' },
    }
    const group = `${prefix}.process`
    const watch = (topic: string): Promise<OffsetWatch> => watchOffsets({} as never, { group, topic })
    const watches = [await watch(web.topic), await watch(app.topic)]
    const uncommitted = await watchUncommitted(`${prefix}.main`)

    const first = startTrackbridge(['process'], config)
    const describe = (): string => `a commit; last lines:\n${first.tail()}`
    await until(async () => first.isOver() || (await sum(watches)) > 0, { timeoutMs: 60_000, describe })
    await Promise.race([uncommitted.next(), first.ended])
    first.send('SIGKILL')
    expect(await first.ended, first.tail()).toEqual({ code: null, signal: 'SIGKILL' })
    expect(await sum(watches), 'the work was done before the kill').toBeLessThan(raw.length)

    const second = startTrackbridge(['process'], config)
    const more = (): string => `work after the kill; last lines:\n${second.tail()}`
    const before = await sum(watches)
    await until(async () => second.isOver() || (await sum(watches)) > before, { timeoutMs: 60_000, describe: more })
    await createTopics({ [late.topic]: late.partitions })
    await produce(late)
    const all = [...raw, ...(await readRaw(late))]
    await untilDone(second, [...watches, await watch(late.topic)], all.length)
    second.send('SIGTERM')
    expect(await second.ended, second.tail()).toEqual({ code: 0, signal: null })

    const outputs = new Map<string, readonly Output[]>()
    for (const topic of written) outputs.set(topic, await readCommitted(topic, { timeoutMs: 60_000 }))
    expect(verifyOutput(all, outputs, topics)).toEqual(nothingAmiss)
    const letters = outputs.get(topics.deadLetters) ?? []
    expect(letters.filter(({ headers }) => headers['tb-src']?.startsWith(app.topic)).length).toBeGreaterThan(100)
    expect(second.lines.filter(({ msg }) => msg === 'the topics have changed: joining the group anew')).toHaveLength(1)
  },
)
