// Provides one Kafka for a whole run of the integration tests; tests get its address by kafkaBrokers() of kafka.ts.
// KAFKA_VERSION=3.9.1 makes it that version, from Apache's own jars. Without a Kafka the run fails: no test is skipped.
import type { TestProject } from 'vitest/node'
import { systemClock } from '../../src/clock.ts'
import { startEmbeddedKafka } from '../../src/demo/embedded-kafka.ts'
import { resolveKafkaJars } from '../../src/demo/kafka-jars.ts'
import { provideKafka, type ProvidedKafka } from '../../src/demo/provide-kafka.ts'
import { testedVersion } from './kafka-version.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    kafkaBrokers: string[]
  }
}

// oxlint-disable-next-line import/no-default-export -- vitest takes a global set-up by its default export
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const startedAt = systemClock.now()
  const kafka = await start(testedVersion())
  const seconds = ((systemClock.now() - startedAt) / 1000).toFixed(1)
  say(`Kafka for the tests: ${kafka.kind}, ${kafka.brokers.join(',')}, there after ${seconds} s`)
  project.provide('kafkaBrokers', [...kafka.brokers])
  return () => kafka.stop()
}

async function start(version: string | undefined): Promise<ProvidedKafka> {
  const options = { env: process.env, onProgress: say }
  if (version === undefined) return provideKafka(options)
  return startEmbeddedKafka({ ...options, jars: await resolveKafkaJars({ ...options, version }) })
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
