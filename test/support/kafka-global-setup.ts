// Provides one Kafka for a whole run of the integration tests; tests get its address by kafkaBrokers() of kafka.ts.
// Without a Kafka the run fails: no test is skipped.
import type { TestProject } from 'vitest/node'
import { systemClock } from '../../src/clock.ts'
import { provideKafka } from '../../src/demo/provide-kafka.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    kafkaBrokers: string[]
  }
}

// oxlint-disable-next-line import/no-default-export -- vitest takes a global set-up by its default export
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const startedAt = systemClock.now()
  const kafka = await provideKafka({ env: process.env, onProgress: say })
  const seconds = ((systemClock.now() - startedAt) / 1000).toFixed(1)
  say(`Kafka for the tests: ${kafka.kind}, ${kafka.brokers.join(',')}, there after ${seconds} s`)
  project.provide('kafkaBrokers', [...kafka.brokers])
  return () => kafka.stop()
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
