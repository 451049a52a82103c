import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startEmbeddedKafka, type EmbeddedKafka } from '../../src/demo/embedded-kafka.ts'
import { resolveKafkaJars, type KafkaJars } from '../../src/demo/kafka-jars.ts'
import { waitForKafka } from '../../src/demo/kafka-port.ts'
import { createTopics, kafkaClient, produceRaw, randomName, readCommitted, withAdmin } from '../support/kafka.ts'
import { isRunning } from '../support/process.ts'
import { until } from '../support/until.ts'

const options = { env: process.env, onProgress: (): void => undefined }
let jars: KafkaJars
let kafka: EmbeddedKafka

beforeAll(async () => {
  jars = await resolveKafkaJars(options)
  kafka = await startEmbeddedKafka({ ...options, jars })
})

afterAll(() => kafka.stop())

test('topics are made when asked for, never by chance, and give records back in order', async () => {
  const topic = await newTopic(2)
  await produceRaw(
    topic,
    [
      { partition: 1, key: 'k', value: 'first', headers: { 'tb-type': 'identify' }, timestamp: '1700000000000' },
      { partition: 1, key: null, value: null, timestamp: '1700000000001' },
      { partition: 0, key: 'k', value: 'other', timestamp: '1700000000002' },
    ],
    kafka.brokers,
  )
  expect(await readCommitted(topic, { brokers: kafka.brokers })).toEqual([
    { partition: 0, offset: 0, timestamp: 1700000000002, key: 'k', value: 'other', headers: {} },
    { partition: 1, offset: 0, timestamp: 1700000000000, key: 'k', value: 'first', headers: { 'tb-type': 'identify' } },
    { partition: 1, offset: 1, timestamp: 1700000000001, key: null, value: null, headers: {} },
  ])
  const hopeful = kafkaClient(kafka.brokers).producer({ allowAutoTopicCreation: true, retry: { retries: 0 } })
  await hopeful.connect()
  onTestFinished(() => hopeful.disconnect())
  await expect(hopeful.send({ topic: randomName('absent'), messages: [{ value: 'x' }] })).rejects.toThrow()
  expect(await withAdmin((admin) => admin.listTopics(), kafka.brokers)).not.toContainEqual(
    expect.stringMatching(/^absent/),
  )
})

test('a reader sees committed transactions, no aborted ones, and waits for records that are not there yet', async () => {
  const topic = await newTopic(1)
  const producer = kafkaClient(kafka.brokers).producer({ transactionalId: randomName('tx'), maxInFlightRequests: 1 })
  await producer.connect()
  onTestFinished(() => producer.disconnect())
  for (const [value, end] of [
    ['lost', 'abort'],
    ['kept', 'commit'],
    ['gone', 'abort'],
  ] as const) {
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages: [{ partition: 0, key: 'k', value }] })
    await transaction[end]()
  }
  const kept = { partition: 0, offset: 2, key: 'k', value: 'kept', headers: {} }
  expect(withoutTimes(await readCommitted(topic, { brokers: kafka.brokers }))).toEqual([kept])

  const reading = readCommitted(topic, { until: 2, brokers: kafka.brokers })
  await produceRaw(topic, [{ value: 'later' }], kafka.brokers)
  const later = { partition: 0, offset: 6, key: null, value: 'later', headers: {} }
  expect(withoutTimes(await reading)).toEqual([kept, later])
})

test('topics of earlier tests are gone', async () => {
  expect(await withAdmin((admin) => admin.listTopics(), kafka.brokers)).not.toContainEqual(
    expect.stringMatching(/^embedded/),
  )
})

test('a broker that was killed comes back with its records at the same address', async () => {
  const topic = await newTopic(1)
  await produceRaw(topic, [{ key: 'k', value: 'before' }], kafka.brokers)
  const pid = kafka.pid()
  await kafka.kill()
  expect(kafka.pid()).toBe(undefined)
  expect(isRunning(pid!)).toBe(false)
  expect(await waitForKafka(address(kafka), { timeoutMs: 100 })).toBe(false)
  await kafka.start()
  expect(kafka.pid()).not.toBe(pid)
  await produceRaw(topic, [{ key: 'k', value: 'after' }], kafka.brokers)
  const records = await readCommitted(topic, { brokers: kafka.brokers })
  expect(records.map(({ value }) => value)).toEqual(['before', 'after'])
})

test('when the process that started a broker is killed, the broker and its folder go too', async () => {
  const script = fileURLToPath(new URL('../support/broker-owner.ts', import.meta.url))
  const owner = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void owner.kill('SIGKILL'))
  const [line] = (await once(createInterface(owner.stdout), 'line')) as [string]
  const { pid, folder } = JSON.parse(line) as { pid: number; folder: string }
  expect(isRunning(pid)).toBe(true)
  expect(existsSync(folder)).toBe(true)
  owner.kill('SIGKILL')
  await until(() => !isRunning(pid), { describe: () => `the broker ${pid} ends with its owner` })
  await until(() => !existsSync(folder), { describe: () => `${folder} is removed` })
})

test('a broker that is stopped leaves no process and no folder, and stopping it twice is the same', async () => {
  const broker = await startEmbeddedKafka({ ...options, jars, brokerSettings: { 'num.partitions': '7' } })
  const pid = broker.pid()!
  expect(broker.brokers).not.toEqual(kafka.brokers)
  await withAdmin((admin) => admin.createTopics({ topics: [{ topic: 'seven', numPartitions: -1 }] }), broker.brokers)
  const offsets = await withAdmin((admin) => admin.fetchTopicOffsets('seven'), broker.brokers)
  expect(offsets).toHaveLength(7)
  await Promise.all([broker.stop(), broker.stop()])
  expect(isRunning(pid)).toBe(false)
  expect(existsSync(broker.folder)).toBe(false)
  await broker.stop()
})

test('a broker that cannot start says why and leaves nothing', async () => {
  const taken = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => taken.close(() => resolve())))
  const bound = taken.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  await expect(startEmbeddedKafka({ ...options, jars, port })).rejects.toMatchObject({
    code: 'TB_DEMO_UNAVAILABLE',
    message: expect.stringMatching(
      /^Kafka ended while starting \(1\); its last words: .*Address already in use/,
    ) as string,
  })
})

test('a class archive that crashes Java is made anew by a clean stop', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'trackbridge-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const [archive, path] = [join(folder, 'classes.jsa'), join(folder, 'java')]
  const crash = `case "$*" in *SharedArchiveFile*) ulimit -c 0; kill -BUS $$;; esac`
  await writeFile(archive, 'damaged')
  await writeFile(path, `#!/bin/sh\n${crash}\nexec '${jars.java.path}' "$@"\n`, { mode: 0o755 })
  const broker = await startEmbeddedKafka({ ...options, jars: { ...jars, archive, java: { ...jars.java, path } } })
  expect(existsSync(archive)).toBe(false)
  await broker.stop()
  expect((await stat(archive)).size).toBeGreaterThan(1_000_000)
  expect((await readdir(folder)).sort()).toEqual(['classes.jsa', 'java'])
})

function address({ brokers }: EmbeddedKafka): { host: string; port: number } {
  return { host: '127.0.0.1', port: Number(brokers[0]?.split(':')[1]) }
}

async function newTopic(partitions: number): Promise<string> {
  const topic = randomName('embedded')
  await createTopics({ [topic]: { partitions, settings: { 'retention.ms': '-1' } } }, kafka.brokers)
  return topic
}

function withoutTimes(records: Awaited<ReturnType<typeof readCommitted>>): unknown[] {
  return records.map(({ timestamp: _timestamp, ...record }) => record)
}
