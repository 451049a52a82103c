import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { requiredAcls } from '../../src/cli/required-acls.ts'
import { systemClock } from '../../src/clock.ts'
import { parseConfig } from '../../src/config/load.ts'
import { resolveKafkaJars } from '../../src/demo/kafka-jars.ts'
import { startStandInApi, type StandInApi } from '../../src/demo/stand-in-api.ts'
import { judgeSent, takeAvroAccount, type AvroAccount, type SentAccount } from '../support/avro-account.ts'
import { avroCall } from '../support/avro-calls.ts'
import { readWithJava, type CommittedRecord } from '../support/committed-reader.ts'
import { kafkaClient } from '../support/kafka.ts'
import { mixedCalls, type MixedCall } from '../support/mixed-calls.ts'
import { watchOffsets, watchUncommitted, type OffsetWatch, type UncommittedWatch } from '../support/pipeline.ts'
import { startRegistry, type RealRegistry } from '../support/registry.ts'
import { grant } from '../support/secured-acls.ts'
import { startSecuredCluster, tlsFile, type SecuredCluster } from '../support/secured-cluster.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { startTrackbridge, type TrackbridgeProcess } from '../support/trackbridge-process.ts'
import { until } from '../support/until.ts'
import { expectedOutput } from '../support/verify-output.ts'

let cluster: SecuredCluster
let registry: RealRegistry

beforeAll(async () => {
  ;[cluster, registry] = await Promise.all([startSecuredCluster(), startRegistry()])
})
afterAll(async () => {
  await Promise.all([cluster.stop(), registry.close()])
})

const partitions = 4
const count = 4_000
const password = 'open-sesame'
const names = { raw: 'cio.raw', main: 'cio.main', deadLetters: 'cio.dlq', unsupported: 'cio.unsupported' }
const topics = { destinations: [names.main], deadLetters: names.deadLetters, unsupported: names.unsupported }
const users = { process: 'processor', sink: 'forwarder', topics: 'builder' } as const

const documentFor = (user: string, apiUrl: string) => ({
  kafka: {
    brokers: cluster.brokers.sasl,
    ssl: { caFile: tlsFile('ca.pem') },
    sasl: { mechanism: 'scram-sha-512', username: user, password },
    sessionTimeoutMs: 6_000,
    prefix: 'tb',
  },
  schemaRegistry: { url: registry.url },
  raw: { topic: names.raw, format: 'avro' },
  // Small steps, so that a kill meets work under way.
  process: { chunkRecords: 10, maxBytesPerPartition: 16_384 },
  destinations: [
    {
      name: 'main',
      topic: names.main,
      format: 'avro',
      sink: { url: apiUrl, apiKey: 'key', limits: { maxBatchMessages: 10, lingerMs: 10 } },
    },
  ],
  deadLetters: { topic: names.deadLetters, format: 'avro' },
  unsupported: { topic: names.unsupported, format: 'avro' },
  topics: { partitions },
  log: { level: 'info', format: 'json' },
})

/** Topics, rights and schemas as an operator makes them: nobody has more than the documented list says. */
async function setUp(apiUrl: string): Promise<void> {
  await Promise.all(Object.values(users).map((user) => cluster.setPassword(user, password)))
  const document = documentFor(users.topics, apiUrl)
  const config = parseConfig(JSON.stringify(document), { path: '/trackbridge.yaml', env: {} })
  const rights = (command: string) => requiredAcls(config).find((one) => one.command === command)?.access ?? []
  await grant(cluster, `User:${users.process}`, rights('process'))
  await grant(cluster, `User:${users.sink}`, rights('sink --destination main'))
  await grant(cluster, `User:${users.topics}`, rights('topics apply'))
  for (const command of [
    ['topics', 'apply'],
    ['schemas', 'register'],
  ]) {
    const running = startTrackbridge(command, document)
    expect(await running.ended, running.tail()).toEqual({ code: 0, signal: null })
  }
}

const internal = (): readonly string[] => [cluster.brokers.internal]

/** Each call that has method and path in Avro; those without a value, and those that are broken, as they are. */
async function produceInAvro(calls: readonly MixedCall[]): Promise<void> {
  const answer = await fetch(`${registry.url}/subjects/${names.raw}-value/versions/latest`)
  const { id } = (await answer.json()) as { readonly id: number }
  const producer = kafkaClient(internal()).producer({ idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  const messages = calls.map(({ partition, key, timestamp, value }) => ({
    partition,
    key,
    timestamp: String(timestamp),
    value: (value === null ? undefined : avroCall(id, value)) ?? value,
  }))
  await producer.send({ topic: names.raw, messages, acks: -1 })
  await producer.disconnect()
}

/** What a kill met. */
interface Strike {
  readonly leg: 'process' | 'sink'
  /** Records of this leg done at the kill, of all that there are in the end. */
  readonly done: number
  /** process: records of transactions seen open or committed since its start; sink: requests on their way. */
  readonly underWay: number
}

async function kill(running: TrackbridgeProcess): Promise<void> {
  running.send('SIGKILL')
  expect(await running.ended, running.tail()).toEqual({ code: null, signal: 'SIGKILL' })
}

interface Watches {
  readonly random: () => number
  readonly offsets: OffsetWatch
  readonly uncommitted: UncommittedWatch
  readonly api: StandInApi
}

/** After a random number of records, in the moment in which it writes: most likely in the midst of a transaction. */
async function strikeProcess({ random, offsets, uncommitted, api }: Watches): Promise<Strike> {
  const running = startTrackbridge(['process'], documentFor(users.process, api.url))
  const [before, seen] = [await offsets.done(), uncommitted.seen()]
  const least = before + 100 + random() * 500
  const describe = (): string => `${least} records done; last lines:\n${running.tail()}`
  await until(async () => running.isOver() || (await offsets.done()) > least, { timeoutMs: 60_000, describe })
  await Promise.race([uncommitted.next(), running.ended, systemClock.sleep(500)])
  await kill(running)
  return { leg: 'process', done: await offsets.done(), underWay: uncommitted.seen() - seen }
}

function onTheirWay(api: StandInApi): number {
  const { requests, answers } = api.counters()
  return requests - Object.values(answers).reduce((sum, next) => sum + next, 0)
}

/** After a random number of messages, while requests are on their way. */
async function strikeSink({ random, api }: Watches): Promise<Strike> {
  // Requests of a sink that was killed may never be answered.
  const [lost, before] = [onTheirWay(api), api.accepted.length]
  const running = startTrackbridge(['sink'], documentFor(users.sink, api.url))
  const least = 50 + random() * 300
  const describe = (): string => `requests on their way; last lines:\n${running.tail()}`
  await until(() => running.isOver() || (api.accepted.length - before > least && onTheirWay(api) > lost), {
    timeoutMs: 60_000,
    describe,
  })
  const underWay = onTheirWay(api) - lost
  await kill(running)
  return { leg: 'sink', done: api.counters().accepted, underWay }
}

interface Leg {
  readonly strikes: readonly Strike[]
  readonly last: TrackbridgeProcess
}

/** Each strike behind the other, and then a process that may live. */
async function strikeAndGoOn(leg: Strike['leg'], strikes: number, watches: Watches): Promise<Leg> {
  const strike = { process: strikeProcess, sink: strikeSink }[leg]
  const struck: Strike[] = []
  for (let number = 0; number < strikes; number++) struck.push(await strike(watches))
  return { strikes: struck, last: startTrackbridge([leg], documentFor(users[leg], watches.api.url)) }
}

async function readAll(): Promise<readonly CommittedRecord[]> {
  const jars = await resolveKafkaJars({ env: process.env, onProgress: () => undefined })
  const records: CommittedRecord[] = []
  const reading = { jars, brokers: internal(), topics: Object.values(names), valuesOf: 4, bytes: true }
  const end = await readWithJava({ ...reading, openTransactionsMs: 30_000 }, (record) => records.push(record))
  expect(end).toEqual({ records: records.length })
  return records
}

const say = (line: string): void => void process.stderr.write(`${line}\n`)

test(
  'Avro calls on a secured cluster reach Avro topics exactly once and the API in order, through five kills',
  { timeout: 300_000 },
  async () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    const random = seededRandom(seed)
    const api = await startStandInApi({ clock: systemClock, random, apiKey: 'key', faults: { slowMs: 20 } })
    onTestFinished(() => api.close())
    await setUp(api.url)
    const size = { count, partitions, people: 300, timestamp: systemClock.now() }
    const calls = mixedCalls({ topic: names.raw, ...size })
    await produceInAvro(calls)
    const expected = [...expectedOutput(calls, topics).keys()].filter((place) => place.startsWith(`${names.main} `))
    const group = { group: 'tb.process', rawTopic: names.raw }
    const offsets = await watchOffsets(group, { group: group.group, topic: names.raw, brokers: internal() })
    const uncommitted = await watchUncommitted(names.main, internal())
    const watches = { random, offsets, uncommitted, api }

    const legsOf = await Promise.all([strikeAndGoOn('process', 3, watches), strikeAndGoOn('sink', 2, watches)])
    const strikes = legsOf.flatMap((leg) => leg.strikes)
    const legs = legsOf.map(({ last }) => last)
    const told = `seed ${seed}, strikes ${JSON.stringify(strikes)}`
    const tails = (): string => legs.map((leg) => leg.tail()).join('\n')
    const isDone = async (): Promise<boolean> =>
      legs.some((leg) => leg.isOver()) ||
      ((await offsets.done()) === count && api.counters().accepted >= expected.length)
    await until(isDone, { timeoutMs: 90_000, describe: () => `all done; ${told}; last lines:\n${tails()}` })
    for (const leg of legs) leg.send('SIGTERM')
    expect(await Promise.all(legs.map(({ ended }) => ended)), tails()).toEqual(
      legs.map(() => ({ code: 0, signal: null })),
    )

    const account = await takeAvroAccount(await readAll(), names, registry.url)
    const { ledger, messages } = account
    const sent = judgeSent(api.accepted, messages)
    tell({ strikes, account, sent, seen: uncommitted.seen() })
    expect(strikes.filter(({ done, underWay }) => done < expected.length && underWay > 0).length, told).toBe(5)
    const { accounted, ...faults } = ledger
    const none = { lost: 0, doubled: 0, partitionOrder: 0, keyOrder: 0, misplaced: 0, foreign: 0, examples: [] }
    expect(faults, told).toEqual(none)
    expect(accounted.raw).toBe(count)
    expect(accounted.translated + accounted.unsupported + accounted.deadLetters + accounted.skipped).toBe(count)
    expect([messages.length, account.strange, account.unequal]).toEqual([expected.length, 0, 0])
    expect({ ...sent, repeats: 0 }, told).toEqual({ lost: 0, foreign: 0, outOfOrder: 0, changed: 0, repeats: 0 })
    expect(legs.flatMap(({ lines }) => lines.filter(({ level }) => level === 'error' || level === 50))).toEqual([])
  },
)

interface Told {
  readonly strikes: readonly Strike[]
  readonly account: AvroAccount
  readonly sent: SentAccount
  /** Records that were seen on the destination topic, of whatever transactions. */
  readonly seen: number
}

function tell({ strikes, account: { ledger, messages, decoded }, sent, seen }: Told): void {
  const { raw, translated, unsupported, deadLetters, skipped } = ledger.accounted
  const kills = strikes.map(({ leg, done, underWay }) => `${leg} at ${done} done, ${underWay} under way`)
  const rows: readonly (readonly [string, string | number])[] = [
    ['kills', `${strikes.length}: ${kills.join('; ')}`],
    ['raw records in Avro, broken or empty', raw],
    ['ended as', `${translated} translated, ${unsupported} unsupported, ${deadLetters} dead letters, ${skipped} empty`],
    ['messages on the destination topic', messages.length],
    ['lost, doubled, out of order, foreign', [ledger.lost, ledger.doubled, ledger.keyOrder, ledger.foreign].join(', ')],
    ['records of transactions that a kill left open', seen - messages.length],
    ["values read by Java's Avro, schemas from the registry", decoded],
    ['at the API: lost, out of order, foreign', [sent.lost, sent.outOfOrder, sent.foreign].join(', ')],
    ['at the API: repeats, all of the same messageId', sent.repeats],
  ]
  for (const [name, value] of rows) say(`secured-avro | ${name} | ${value}`)
}
