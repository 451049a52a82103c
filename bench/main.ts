// `npm run bench -- NAME [options] [--json FILE]`: runs one benchmark and prints its figures; `compare A.json B.json` sets
// two saved results side by side. What each one measures: README.md beside this file.
import { writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import type { BenchResult } from './measure.ts'
import { readCommandLine, type BenchOptions, type CommandLine } from './options.ts'
import { reportText, type BenchReport } from './report.ts'

type Bench = (options: BenchOptions) => Promise<BenchReport>

// Loaded when asked for: some of them use kafkajs as it comes, others patched, and a process can hold but one of the two.
const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  process: async () => (await import('./process.ts')).benchProcess,
  profile: async () => (await import('./profile.ts')).benchProfile,
  latency: async () => (await import('./latency.ts')).benchLatency,
  sink: async () => (await import('./sink.ts')).benchSink,
  serde: async () => (await import('./serde.ts')).benchSerde,
  scale: async () => (await import('./scale.ts')).benchScale,
  replay: async () => (await import('./replay.ts')).benchReplay,
  idle: async () => (await import('./idle.ts')).benchIdle,
  audit: async () => (await import('./audit.ts')).benchAudit,
  translate: async () => oneProcess((await import('./translate.ts')).benchTranslate),
  'message-id': async () => oneProcess((await import('./message-id.ts')).benchMessageId),
}

try {
  await run(readCommandLine(process.argv.slice(2)))
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 2
}

async function run({ name, files, options, json }: CommandLine): Promise<void> {
  if (name === 'compare') return compare(files)
  const load = Object.hasOwn(benches, name) ? benches[name] : undefined
  const known = [...Object.keys(benches), 'compare'].join(', ')
  if (load === undefined) throw new Error(`bench must be one of ${known}, found ${JSON.stringify(name)}`)
  const bench = await load()
  // How much else the machine was doing: what a second run of the same benchmark is to be trusted for.
  const [loadBefore = 0] = loadavg()
  const { facts, ...found } = await bench(options)
  const report = {
    facts: {
      ...facts,
      node: process.version,
      cores: availableParallelism(),
      loadBefore: Number(loadBefore.toFixed(2)),
    },
    ...found,
  }
  const saved = JSON.stringify({ bench: name, ...report }, null, 1)
  if (json !== '-') console.log(reportText(name, report))
  if (json === '-') console.log(saved)
  else if (json !== undefined) writeFileSync(json, `${saved}\n`)
}

async function compare(files: readonly string[]): Promise<void> {
  const [before, after] = files
  if (before === undefined || after === undefined || files.length > 2)
    throw new Error(`compare takes two files, before and after, found ${files.length}`)
  const { comparisonText, readSaved } = await import('./compare.ts')
  console.log(comparisonText(readSaved(before), readSaved(after)))
}

/** A benchmark of measure.ts, without Kafka and children: each rate is a row. */
function oneProcess(bench: (options: { readonly calls?: number }) => BenchResult | Promise<BenchResult>): Bench {
  return async ({ calls }) => {
    const { facts, rates } = await bench(calls === undefined ? {} : { calls })
    const rows = rates.map(({ name, ...figures }) => ({ name, figures: numbersOf(figures) }))
    return { facts, rows, aims: [] }
  }
}

function numbersOf(figures: object): Record<string, number> {
  return Object.fromEntries(
    Object.entries(figures).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  )
}
