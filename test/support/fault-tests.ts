// Scenarios of `npm run faults` as integration tests: short, on brokers of their own, one test a scenario. Version of the
// brokers: FAULTS_KAFKA, else 4.1.1; how the process leg commits: FAULTS_COMMIT, else its default. Test support.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Row } from '../../faults/report.ts'
import { runScenario } from '../../faults/run-scenario.ts'
import type { Scenario } from '../../faults/scenario.ts'
import { startCluster, type Cluster } from './cluster.ts'

const startLimitMs = 180_000
const testLimitMs = 400_000
const say = (line: string): void => void process.stderr.write(`${line}\n`)

/** Defines the tests of one file; they share a cluster that is large enough for each. */
export function testScenarios(...scenarios: readonly Scenario[]): void {
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
      const commit = commitOf(process.env['FAULTS_COMMIT'])
      const run = { size: scenario.short, seed, commit, onProgress: () => undefined }
      const row = await runScenario(scenario, cluster!, run)
      say(
        `${scenario.name}: ${JSON.stringify(row.faults)}${row.notStruck.map((text) => `; not struck: ${text}`).join('')}`,
      )
      expect(row.bad, `seed ${seed}`).toEqual([])
      if ((scenario.expects ?? 'clean') === 'clean') expect(counted(row)).toEqual({ ...zeros, in: row.records })
    },
  )
}

const zeros = { lost: 0, doubled: 0, partitionOrder: 0, keyOrder: 0, misplaced: 0, foreign: 0 }

function counted({ account }: Row): unknown {
  if (account === null) return null
  const { examples: _examples, accounted, ...faults } = account
  const { raw: _raw, ...slots } = accounted
  return { ...faults, in: Object.values(slots).reduce((sum, count) => sum + count, 0) }
}

function commitOf(text: string | undefined): 'partition' | 'group' | undefined {
  if (text === undefined || text === 'partition' || text === 'group') return text
  throw new Error(`FAULTS_COMMIT must be partition or group, found ${JSON.stringify(text)}`)
}
