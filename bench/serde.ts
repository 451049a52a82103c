// What Avro costs beside JSON of the same content: each step alone in one process, and the process leg from topic to
// topic, each in a process of its own: V8 makes slower code for a process that handles both. The registry is a stub on this machine, which each leg asks a handful of questions.
import { writerSchema } from '../src/schemas/avro-value.ts'
import { messageEncoder } from '../src/schemas/message-value.ts'
import { ownSchema, subjectOf } from '../src/schemas/own-schemas.ts'
import { decodeCall } from '../src/translate/call-text.ts'
import { messageBytes } from '../src/translate/message-text.ts'
import type { Message } from '../src/translate/message.ts'
import { translate } from '../src/translate/translate.ts'
import { avroCall } from '../test/support/avro-calls.ts'
import { startRegistryStub } from '../test/support/registry-stub.ts'
import { runChild } from './children.ts'
import { outputTopics, type Job } from './contenders/contender.ts'
import { fillRawTopic, withKafka, type BenchKafka, type RawTopic } from './kafka.ts'
import { measureAlternating } from './measure.ts'
import type { BenchOptions } from './options.ts'
import { cpuColumn, type BenchReport, type Figures, type Row } from './report.ts'
import { trackLines } from './track-traffic.ts'
import { cpuFigures, inTurns } from './turns.ts'

const rounds = 7
const partitions = 8
const schemaId = 1
const origin = { topic: 'raw', partition: 0, offset: 0, timestampMs: 1_763_719_200_000 }
const inAvro = (line: string): Buffer | string => avroCall(schemaId, line) ?? line

/** `calls` for the steps in one process, default 50,000; `records` and `runs` for the leg, default 200,000 and 3. `only`:
 *  `steps` or `leg`. */
export async function benchSerde(options: BenchOptions): Promise<BenchReport> {
  const { calls = 50_000, records = 200_000, runs = 3, only = ['steps', 'leg'] } = options
  const steps = only.includes('steps') ? await measureSteps(calls) : []
  const leg = only.includes('leg') ? await measureLeg(records, runs) : []
  const aims = leg.length === 0 ? [] : [aim('leg', cpuOf(leg, titles.avro), cpuOf(leg, titles.json))]
  return { facts: { calls, records, runs, rounds }, rows: [...steps, ...leg], aims }
}

const cpuOf = (rows: readonly Row[], name: string): number =>
  rows.find((row) => row.name === name)?.figures[cpuColumn] ?? 0

// A rate of 0.9 is 1 / 0.9 of the CPU.
const aim = (what: string, found: number, json: number) => ({
  name: `${what}: ${cpuColumn} of Avro, 1 / 0.9 of JSON`,
  found,
  limit: json / 0.9,
})

const sum =
  <T>(all: readonly T[], of: (one: T) => number) =>
  () =>
    all.reduce((total, one) => total + of(one), 0)

async function measureSteps(calls: number): Promise<Row[]> {
  const lines = trackLines(calls)
  const json = lines.map((line) => Buffer.from(line))
  const avro = lines.map((line) => Buffer.from(inAvro(line)))
  const messages = lines.flatMap(messagesOf)
  const trackCalls = writerSchema(ownSchema('TrackCall'))
  const decode = (value: Buffer) => trackCalls.decode(value)
  const found = writerSchema(ownSchema('PipelinesMessage'))
  const encode = messageEncoder(schemaId, 'main')
  const integrations = { All: true }
  const encoded = messages.map((message) => encode(message, integrations, 'web'))
  const rates = await measureAlternating(
    [
      {
        name: 'decode: JSON.parse',
        run: sum(json, (value) => Object.keys(JSON.parse(value.toString()) as object).length),
      },
      { name: 'decode: JSON, as process does', run: sum(json, (value) => Number(decodeCall(value).ok)) },
      { name: 'decode: Avro', run: sum(avro, (value) => Number(decode(value).ok)) },
      { name: 'encode: JSON', run: sum(messages, (message) => messageBytes(message, integrations).length) },
      { name: 'encode: Avro', run: sum(messages, (message) => encode(message, integrations, 'web').length) },
      { name: 'payload of a message in Avro', run: sum(encoded, (value) => Number(found.payload(value).ok)) },
    ],
    calls,
    rounds,
  )
  return rates.map(({ name, cpuSecondsPerMillion }) => ({ name, figures: { [cpuColumn]: cpuSecondsPerMillion } }))
}

function messagesOf(line: string): readonly Message[] {
  return translate(JSON.parse(line), origin).operations.flatMap((one) =>
    one.outcome === 'translated' ? one.messages : [],
  )
}

const titles = { json: 'leg: product, JSON in and out', avro: 'leg: product, Avro in and out' } as const

interface Contestant {
  readonly title: string
  readonly raw: RawTopic
  readonly job: Partial<Job>
}

async function measureLeg(records: number, runs: number): Promise<Row[]> {
  const registry = await startRegistryStub()
  registry.put('raw', ownSchema('TrackCall'))
  try {
    return await withKafka(async (kafka) => {
      const json = await fillRawTopic(kafka, { partitions, records })
      const avro = await fillRawTopic(kafka, { partitions, records }, inAvro)
      const contestants: readonly Contestant[] = [
        { title: titles.json, raw: json, job: {} },
        { title: titles.avro, raw: avro, job: { registry: registry.url } },
      ]
      return inTurns(contestants, runs, (contestant) =>
        runOnce(kafka, contestant, (subject, schema) => registry.put(subject, schema)),
      )
    })
  } finally {
    await registry.close()
  }
}

async function runOnce(
  kafka: BenchKafka,
  { raw, job }: Contestant,
  put: (subject: string, schema: string) => number,
): Promise<Figures> {
  const { records, name: rawTopic } = raw
  return kafka.withOutputs(raw.partitions, async (prefix) => {
    const { main, deadLetters, unsupported } = outputTopics(prefix)
    put(subjectOf(main), ownSchema('PipelinesMessage'))
    put(subjectOf(deadLetters), ownSchema('DeadLetter'))
    put(subjectOf(unsupported), ownSchema('Unsupported'))
    const run = await runChild('product', { brokers: kafka.brokers, rawTopic, prefix, records, ...job })
    const { processed, seconds } = run.last
    if (processed !== records) throw new Error(`the product handled ${processed} records, not ${records}`)
    return { 'events/s': processed / seconds, ...cpuFigures(run) }
  })
}
