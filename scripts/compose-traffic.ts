// Made-up Track calls onto the raw topic of a configuration, for docker-compose.yml. In: --config, --rate (calls a second),
// --count (absent: until SIGTERM). Out: raw records, each on the partition of its person, and a last line with their number.
// Where the raw topic has `format: avro` they are in Avro, those that Avro cannot hold in JSON.
import { parseArgs } from 'node:util'
import { connectionSettings } from '../src/cli/kafka-settings.ts'
import { configuredRegistry } from '../src/cli/registry-settings.ts'
import { systemClock } from '../src/clock.ts'
import { loadConfig } from '../src/config/load.ts'
import { sampleCalls } from '../src/demo/sample-calls.ts'
import { createKafkajsBroker } from '../src/kafka/kafkajs-broker.ts'
import { createLog } from '../src/ops/log.ts'
import { ownSubject, writerId } from '../src/schemas/own-schemas.ts'
import { avroCall } from './avro-call.ts'

const { values } = parseArgs({
  options: {
    config: { type: 'string' },
    rate: { type: 'string', default: '50' },
    count: { type: 'string', default: 'Infinity' },
  },
})

const config = loadConfig(values.config === undefined ? {} : { path: values.config })
const [topic] = config.raw.topics
if (topic === undefined) throw new Error('raw.pattern names no topic to write to: name one with raw.topic')

const registry = config.raw.format === 'avro' ? configuredRegistry(config) : undefined
const schemaId = registry && (await writerId(registry, ownSubject(topic, 'TrackCall', 'raw')))
const encode = (json: string): string | Buffer =>
  (schemaId === undefined ? undefined : avroCall(schemaId, json)) ?? json

const over = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => over.abort())

const chunksPerSecond = 5
const broker = createKafkajsBroker(
  connectionSettings(config.kafka),
  createLog({ level: 'warn', format: 'json' }),
  systemClock,
)
const producer = await broker.producer()
const partitions = config.topics.raw.partitions ?? config.topics.partitions
const count = Number(values.count)
const chunkCalls = Math.max(1, Math.round(Number(values.rate) / chunksPerSecond))
let fed = 0
while (fed < count && !over.signal.aborted) {
  const startMs = systemClock.now()
  const calls = [...sampleCalls({ seed: startMs, count: Math.min(chunkCalls, count - fed), startMs })]
  await producer.send(
    calls.map(({ key, value }) => ({
      topic,
      partition: broker.partitionForKey(key, partitions),
      key,
      value: encode(value),
      timestamp: startMs,
      headers: {},
    })),
  )
  fed += calls.length
  if (fed < count) await systemClock.sleep(1000 / chunksPerSecond, over.signal).catch(() => undefined)
}
await producer.close()
console.log(JSON.stringify({ fed }))
