// Runs the contract with Kafka over several of its versions, each as an embedded broker, and prints a table.
//   node scripts/kafka-versions.ts 3.9.1 4.0.1 4.1.1 4.4.0
// The contract: what trackbridge asks of a broker. Files are those of test/integration that speak to the broker directly.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const contract = [
  'exactly-once-session',
  'at-least-once-session',
  'session-fencing',
  'session-sizes',
  'kafkajs-adapter',
  'kafkajs-consumer',
  'kafkajs-consumer-faults',
  'read-committed',
  'history-reader',
  'dead-letters',
  'topics-alter',
  'check-mistakes',
].map((name) => `test/integration/${name}.test.ts`)

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly {
    readonly startTime: number
    readonly endTime: number
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

interface Row {
  readonly version: string
  readonly passed: number
  readonly failed: readonly string[]
  readonly seconds: number
}

const versions = process.argv.slice(2)
if (versions.length === 0) {
  console.error('name the versions of Kafka, e.g. npm run test:kafka -- 3.9.1 4.1.1')
  process.exit(2)
}
const rows = versions.map(runContract)
console.log(`| Kafka | tests passed | failed | seconds |\n| ----- | ------------ | ------ | ------- |`)
for (const { version, passed, failed, seconds } of rows)
  console.log(`| ${version} | ${passed} | ${failed.length} | ${seconds} |`)
for (const { version, failed } of rows) for (const name of failed) console.log(`failed on ${version}: ${name}`)
process.exit(rows.some(({ failed }) => failed.length > 0) ? 1 : 0)

function runContract(version: string): Row {
  const folder = mkdtempSync(join(tmpdir(), 'trackbridge-contract-'))
  const outputFile = join(folder, 'report.json')
  const reporters = ['--reporter', 'default', '--reporter', 'json', '--outputFile.json', outputFile]
  try {
    const startedAt = performance.now()
    const args = ['vitest', 'run', '--project', 'integration', ...reporters, ...contract]
    // Of the environment, so that the tests' own brokers are of this version as well.
    const env = { ...process.env, KAFKA_VERSION: version, KAFKA_BROKERS: '' }
    const { error } = spawnSync('npx', args, { env, stdio: ['ignore', process.stderr, process.stderr] })
    if (error !== undefined) throw error
    const seconds = Math.round((performance.now() - startedAt) / 1000)
    return rowOf(version, JSON.parse(readFileSync(outputFile, 'utf8')) as Report, seconds)
  } catch (error) {
    return { version, passed: 0, failed: [`the run itself: ${String(error)}`], seconds: 0 }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function rowOf(version: string, report: Report, seconds: number): Row {
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults)
  const failed = tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName)
  // A file that cannot be loaded has no tests, and is a failure all the same.
  const broken = report.testResults.filter(({ assertionResults }) => assertionResults.length === 0).length
  return {
    version,
    passed: report.numPassedTests,
    failed: [...failed, ...Array.from({ length: broken }, () => 'a file without tests')],
    seconds,
  }
}
