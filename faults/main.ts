// `npm run faults -- process|sink [--scenario NAME...]`: attacks one leg on real brokers and prints a row for each
// scenario. Exit codes: 0 all rows are well, 1 one is not, 2 the command line is wrong.
import { Command, InvalidArgumentError, Option } from 'commander'
import { environment } from '../src/config/load.ts'
import { startCluster, type Cluster } from '../test/support/cluster.ts'
import { chooseScenarios } from './choose-scenarios.ts'
import { processSubject } from './process/subject.ts'
import { toTable, type Row } from './report.ts'
import { runScenario } from './run-scenario.ts'
import type { Scenario, Stage } from './scenario.ts'
import { sinkSubject } from './sink/subject.ts'
import type { Subject } from './subject.ts'

interface Choices {
  readonly scenario?: readonly string[]
  readonly rounds?: number
  readonly records?: number
  readonly kafka: string
  readonly brokers?: 1 | 3
  readonly seed?: number
  readonly json: boolean
}

interface Chosen {
  readonly choices: Choices
  /** Values of the options that not every subject has. */
  readonly own: Readonly<Record<string, string>>
}

const program = new Command('faults').description('attacks trackbridge on real brokers and counts what is amiss')
// Before the commands, which take it over.
program.exitOverride()
addCommand(processSubject, [
  new Option('--commit <how>', 'value of process.commit').choices(['partition', 'group']),
  formatOption(),
])
addCommand(sinkSubject, [
  new Option('--concurrency <how>', 'value of sink.concurrency').choices(['partition', 'key']),
  formatOption(),
])

await program.parseAsync().catch((error: unknown) => {
  const isUsage = error instanceof Error && 'exitCode' in error
  if (!isUsage) process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = isUsage ? (error.exitCode === 0 ? 0 : 2) : 1
})

function formatOption(): Option {
  return new Option('--format <how>', 'of the records on all topics').choices(['json', 'avro'])
}

/** `own`: options that not every subject has; their values go to the subject. */
function addCommand<S extends Stage, A>(subject: Subject<S, A>, own: readonly Option[]): void {
  const command = program
    .command(subject.command)
    .description(`trackbridge ${subject.command}`)
    .addOption(new Option('--scenario <name...>', 'only these').choices(subject.scenarios.map(({ name }) => name)))
    .option('--rounds <n>', 'how often a fault strikes', wholeNumber)
    .option('--records <n>', 'records that flow meanwhile', wholeNumber)
    .option('--kafka <version>', 'version of the brokers, 4.1.x or 3.9.x', '4.1.1')
    .addOption(
      new Option('--brokers <n>', 'brokers, where a scenario needs no three').choices(['1', '3']).argParser(Number),
    )
    .option('--seed <n>', 'of the random choices, to repeat a run', wholeNumber)
    .option('--json', 'the rows as JSON', false)
    .action(async (choices: Choices & Readonly<Record<string, unknown>>) => {
      const named = own.map((option) => [option.attributeName(), choices[option.attributeName()]] as const)
      const values = Object.fromEntries(
        named.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
      )
      const { due, leftOut, refused } = chooseScenarios(subject.scenarios, choices.scenario, values)
      if (refused.length > 0) command.error(`error: ${refused.join('; ')}`, { exitCode: 2 })
      for (const why of leftOut) say(`left out: ${why}`)
      const rows = await attack(subject, due, { choices, own: values })
      process.stdout.write(`${choices.json ? JSON.stringify(rows, undefined, 2) : toTable(rows, subject.reading)}\n`)
      if (rows.some(({ bad }) => bad.length > 0)) process.exitCode = 1
    })
  for (const option of own) command.addOption(option)
}

async function attack<S extends Stage, A>(
  subject: Subject<S, A>,
  chosen: readonly Scenario<S>[],
  { choices, own }: Chosen,
): Promise<readonly Row<A>[]> {
  const rows: Row<A>[] = []
  for (const brokers of [1, 3] as const) {
    const due = chosen.filter((scenario) => Math.max(scenario.brokers, choices.brokers ?? 1) === brokers)
    if (due.length === 0) continue
    const cluster = await startCluster({ brokers, kafkaVersion: choices.kafka, env: environment(), onProgress: say })
    const strike = strikeOn(subject, cluster, { choices, own })
    try {
      for (const scenario of due) rows.push(await strike(scenario))
    } finally {
      await cluster.stop()
    }
  }
  return rows
}

function strikeOn<S extends Stage, A>(
  subject: Subject<S, A>,
  cluster: Cluster,
  { choices, own }: Chosen,
): (scenario: Scenario<S>) => Promise<Row<A>> {
  return async (scenario) => {
    const { rounds = scenario.usual.rounds, records = scenario.usual.records } = choices
    const seed = choices.seed ?? Math.floor(Math.random() * 2 ** 31)
    const options = { size: { rounds, records }, seed, choices: own, onProgress: say }
    const row = await runScenario(subject, scenario, cluster, options)
    say(`${scenario.name}: ${row.bad.length === 0 ? 'ok' : `BAD (seed ${seed}): ${row.bad.join('; ')}`}`)
    return row
  }
}

function wholeNumber(text: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError('a whole number above 0 is wanted')
  return number
}

function say(line: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${line}` : `${line}\n`)
}
