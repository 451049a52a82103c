// `trackbridge sink` under attack: its topic, messages, configuration, an API that misbehaves, and the account over what that
// has accepted and what became a dead letter.
import { systemClock } from '../../src/clock.ts'
import { readWithJava } from '../../test/support/committed-reader.ts'
import { baseConfig, changed } from '../leg-config.ts'
import type * as Common from '../scenario.ts'
import type { Scene, Setting, Subject } from '../subject.ts'
import { createWriter, type Writer } from '../writer.ts'
import { createSinkLedger, type SinkAccount } from './account.ts'
import { scenarios } from './catalogue.ts'
import { openAvroForm } from './avro-form.ts'
import { apiKey, startFaultyApi, type FaultyApi } from './faulty-api.ts'
import { jsonForm, type MessageForm } from './message-form.ts'
import { messages, type Mixture } from './messages.ts'
import { isOwned } from './ownership.ts'
import { reading } from './reading.ts'
import type { Limits, Stage, Topics } from './scenario.ts'

// Small and short, so that many requests go by, several of them at once.
const limits: Limits = { timeoutMs: 1_500, maxBatchMessages: 50, maxInFlight: 4, lingerMs: 10 }
const openTransactionsMs = 10_000

/** What `npm run faults -- sink` attacks. Its choice `concurrency` is the value of `sink.concurrency`, `format` that of both
 *  topics. */
export const sinkSubject: Subject<Stage, SinkAccount> = { command: 'sink', scenarios, reading, open }

interface Ground {
  readonly scene: Scene
  readonly topics: Topics
  readonly api: FaultyApi
  readonly writer: Writer
  readonly form: MessageForm
  readonly lots: (readonly [from: number, fault: string])[]
  fed: number
}

async function open(scene: Scene): Promise<Setting<Stage, SinkAccount>> {
  const { prefix, partitions, kafka } = scene
  const topics = { destination: `${prefix}.main`, deadLetters: `${prefix}.dlq`, partitions }
  const api = await startFaultyApi()
  const form = scene.choices['format'] === 'avro' ? await openAvroForm(topics) : jsonForm
  const writer = createWriter(kafka, topics.destination)
  const ground: Ground = { scene, topics, api, writer, form, lots: [], fed: 0 }
  const group = `${prefix}.sink.main`
  return {
    topics: [topics.destination, topics.deadLetters],
    group,
    source: topics.destination,
    feed: (records) => feed(ground, records),
    configOf: (name, { config }) => changed(configOf(ground, name), config),
    isOwned: (legs) => isOwned({ kafka, group, topic: topics.destination, partitions }, legs),
    dress: (stage) => dress(ground, stage),
    takeAccount: () => takeAccount(ground),
    close: async () => {
      await Promise.all([writer.close(), api.close(), form.close()])
    },
  }
}

async function feed(ground: Ground, count: number, mixture: Mixture = {}): Promise<void> {
  const { scene, topics, writer, form, fed: from } = ground
  ground.fed += count
  const { partitions } = topics
  const options = { count, partitions, from, mixture, random: scene.random, timestamp: systemClock.now() }
  await writer.write(messages(options).map(form.write))
}

function configOf(ground: Ground, name: string): Readonly<Record<string, unknown>> {
  const { scene, topics, form } = ground
  return {
    ...baseConfig(scene.cluster, name, scene.prefix),
    ...destinations(ground),
    deadLetters: { topic: topics.deadLetters, ...form.topicSettings },
    ...form.sections,
  }
}

const destinations = (
  { scene, topics, api, form }: Ground,
  { sink = {}, others = [] }: Parameters<Stage['destinations']>[0] & object = {},
): ReturnType<Stage['destinations']> => {
  const { concurrency } = scene.choices
  const own = { url: api.url, apiKey, limits, ...(concurrency === undefined ? {} : { concurrency }), ...sink }
  const all = [{ name: 'main', topic: topics.destination, sink: own }, ...others]
  return { destinations: all.map((destination) => ({ ...destination, ...form.topicSettings })) }
}

function dress(ground: Ground, stage: Common.Stage): Stage {
  const { topics, api, form, lots } = ground
  return {
    ...stage,
    topics,
    api,
    limits,
    concurrency: concurrencyOf(ground.scene),
    schemas: form.schemas,
    formed: (records) => records.map(form.write),
    under: (fault) => void lots.push([ground.fed, fault]),
    async feedMixed(records, mixture) {
      await feed(ground, records, mixture)
      // The end of the topic is to be known: see Stage.feed.
      await stage.feed(0)
    },
    destinations: (changes) => destinations(ground, changes),
    untilAllDone: (options) =>
      stage.until('the work is done', () => stage.progress.done() >= stage.progress.fed(), options),
  }
}

const concurrencyOf = ({ choices }: Scene): Stage['concurrency'] =>
  choices['concurrency'] === 'key' ? 'key' : 'partition'

async function takeAccount({ scene, topics, api, form, lots }: Ground): Promise<SinkAccount> {
  const { cluster } = scene
  const { destination, deadLetters } = topics
  const ledger = createSinkLedger()
  const source = { jars: cluster.jars, brokers: cluster.direct, topics: [destination, deadLetters] }
  const end = await readWithJava({ ...source, openTransactionsMs, valuesOf: 2, bytes: true }, (record) => {
    if (record.topic === destination) ledger.addFed(form.readMessage(record))
    else ledger.addDeadLetter(form.readLetter(record))
  })
  if ('open' in end) throw new Error(`a transaction was left open: ${end.open}`)
  return ledger.close({
    acceptances: api.accepted.messages,
    lateRepeats: api.accepted.lateRepeats(),
    lots,
    ordersPartitions: concurrencyOf(scene) === 'partition',
  })
}
