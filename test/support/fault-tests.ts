// Scenarios of `npm run faults` as integration tests: short, on brokers of their own, one test a scenario. Version of the
// brokers: FAULTS_KAFKA, else 4.1.1; how the process leg commits: FAULTS_COMMIT, what the sink does side by side:
// FAULTS_CONCURRENCY, else their defaults. Test support.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { processSubject } from '../../faults/process/subject.ts'
import type { Row } from '../../faults/report.ts'
import { runScenario } from '../../faults/run-scenario.ts'
import type { Scenario, Stage } from '../../faults/scenario.ts'
import { sinkSubject } from '../../faults/sink/subject.ts'
import type { Subject } from '../../faults/subject.ts'
import { startCluster, type Cluster } from './cluster.ts'

const startLimitMs = 180_000
const testLimitMs = 400_000
const say = (line: string): void => void process.stderr.write(`${line}\n`)

/** Defines the tests of one file; they share a cluster that is large enough for each. */
export function testScenarios(...scenarios: typeof processSubject.scenarios): void {
  const commit = oneOf('FAULTS_COMMIT', ['partition', 'group'])
  defineTests(processSubject, scenarios, { commit })
}

/** The same of the sink. */
export function testSinkScenarios(...scenarios: typeof sinkSubject.scenarios): void {
  const concurrency = oneOf('FAULTS_CONCURRENCY', ['partition', 'key'])
  defineTests(sinkSubject, scenarios, { concurrency })
}

function defineTests<S extends Stage, A>(
  subject: Subject<S, A>,
  scenarios: readonly Scenario<S>[],
  choices: Readonly<Record<string, string | undefined>>,
): void {
  let cluster: Cluster | undefined
  beforeAll(async () => {
    const brokers = scenarios.some((scenario) => scenario.brokers === 3) ? 3 : 1
    const kafkaVersion = process.env['FAULTS_KAFKA'] ?? '4.1.1'
    cluster = await startCluster({ brokers, kafkaVersion, env: process.env, onProgress: () => undefined })
  }, startLimitMs)
  afterAll(() => cluster?.stop())
  test.each(scenarios.map((scenario) => [scenario.promise, scenario] as const))(
    '%s',
    { timeout: testLimitMs },
    async (_promise, scenario) => {
      const seed = Math.floor(Math.random() * 2 ** 31)
      const run = { size: scenario.short, seed, choices, onProgress: () => undefined }
      const row = await runScenario(subject, scenario, cluster!, run)
      say(summary(row))
      expect(row.bad, `seed ${seed}`).toEqual([])
    },
  )
}

function summary<A>({ scenario, faults, notStruck }: Row<A>): string {
  return `${scenario}: ${JSON.stringify(faults)}${notStruck.map((text) => `; not struck: ${text}`).join('')}`
}

function oneOf(variable: string, allowed: readonly string[]): string | undefined {
  const text = process.env[variable]
  if (text === undefined || allowed.includes(text)) return text
  throw new Error(`${variable} must be ${allowed.join(' or ')}, found ${JSON.stringify(text)}`)
}
