// `npm run faults -- process [--scenario NAME...]`: attacks the process leg on real brokers and prints a row for each
// scenario. Exit codes: 0 all rows are well, 1 one is not, 2 the command line is wrong.
import { Command, InvalidArgumentError, Option } from 'commander'
import { environment } from '../src/config/load.ts'
import { startCluster, type Cluster } from '../test/support/cluster.ts'
import { scenarios } from './catalogue.ts'
import { toTable, type Row } from './report.ts'
import { runScenario } from './run-scenario.ts'
import type { Scenario } from './scenario.ts'

interface Choices {
  readonly scenario?: readonly string[]
  readonly rounds?: number
  readonly records?: number
  readonly kafka: string
  readonly brokers?: 1 | 3
  readonly commit?: 'partition' | 'group'
  readonly seed?: number
  readonly json: boolean
}

const names = scenarios.map(({ name }) => name)
const program = new Command('faults').description('attacks trackbridge on real brokers and counts what is amiss')

program
  .command('process')
  .description('the process leg')
  .addOption(new Option('--scenario <name...>', 'only these').choices(names))
  .option('--rounds <n>', 'how often a fault strikes', wholeNumber)
  .option('--records <n>', 'raw records that flow meanwhile', wholeNumber)
  .option('--kafka <version>', 'version of the brokers, 4.1.x or 3.9.x', '4.1.1')
  .addOption(
    new Option('--brokers <n>', 'brokers, where a scenario needs no three').choices(['1', '3']).argParser(Number),
  )
  .addOption(new Option('--commit <how>', 'value of process.commit').choices(['partition', 'group']))
  .option('--seed <n>', 'of the random choices, to repeat a run', wholeNumber)
  .option('--json', 'the rows as JSON', false)
  .action(async (choices: Choices) => {
    const rows = await attack(choices)
    process.stdout.write(`${choices.json ? JSON.stringify(rows, undefined, 2) : toTable(rows)}\n`)
    if (rows.some(({ bad }) => bad.length > 0)) process.exitCode = 1
  })

program.exitOverride()
await program.parseAsync().catch((error: unknown) => {
  const isUsage = error instanceof Error && 'exitCode' in error
  if (!isUsage) process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = isUsage ? (error.exitCode === 0 ? 0 : 2) : 1
})

async function attack(choices: Choices): Promise<readonly Row[]> {
  const chosen = scenarios.filter(({ name }) => choices.scenario?.includes(name) ?? true)
  const rows: Row[] = []
  for (const brokers of [1, 3] as const) {
    const due = chosen.filter((scenario) => Math.max(scenario.brokers, choices.brokers ?? 1) === brokers)
    if (due.length === 0) continue
    const cluster = await startCluster({ brokers, kafkaVersion: choices.kafka, env: environment(), onProgress: say })
    try {
      for (const scenario of due) rows.push(await strike(scenario, cluster, choices))
    } finally {
      await cluster.stop()
    }
  }
  return rows
}

async function strike(scenario: Scenario, cluster: Cluster, choices: Choices): Promise<Row> {
  const size = {
    rounds: choices.rounds ?? scenario.usual.rounds,
    records: choices.records ?? scenario.usual.records,
  }
  const seed = choices.seed ?? Math.floor(Math.random() * 2 ** 31)
  const row = await runScenario(scenario, cluster, { size, seed, commit: choices.commit, onProgress: say })
  say(`${scenario.name}: ${row.bad.length === 0 ? 'ok' : `BAD (seed ${seed})`}`)
  return row
}

function wholeNumber(text: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError('a whole number above 0 is wanted')
  return number
}

function say(line: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${line}` : `${line}\n`)
}
