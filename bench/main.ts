// `npm run bench -- NAME [--calls N] [--json]`: runs one benchmark and prints its rates.
import { parseArgs } from 'node:util'
import { benchMessageId } from './message-id.ts'
import type { BenchOptions, BenchResult, Measured } from './measure.ts'
import { benchTranslate } from './translate.ts'

type Bench = (options: BenchOptions) => BenchResult | Promise<BenchResult>

const benches: Readonly<Record<string, Bench>> = {
  translate: benchTranslate,
  'message-id': benchMessageId,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { calls: { type: 'string' }, json: { type: 'boolean', default: false } },
})
const [name = ''] = positionals
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined
const calls = values.calls === undefined ? undefined : Number(values.calls)

if (bench === undefined) {
  fail(`bench must be one of ${Object.keys(benches).join(', ')}, found ${JSON.stringify(name)}`)
} else if (calls !== undefined && !(Number.isSafeInteger(calls) && calls > 0)) {
  fail(`--calls must be a whole number above 0, found ${JSON.stringify(values.calls)}`)
} else {
  const result = await bench(calls === undefined ? {} : { calls })
  const environment = { node: process.version, v8: process.versions.v8 }
  if (values.json) console.log(JSON.stringify({ bench: name, ...environment, ...result }))
  else console.log(report(name, { ...result.facts, ...environment }, result.rates))
}

function report(title: string, facts: BenchResult['facts'], rates: readonly Measured[]): string {
  const width = Math.max(...rates.map((rate) => rate.name.length))
  const lines = rates.map(
    (rate) =>
      `  ${rate.name.padEnd(width)}  ${rate.perSecond.toLocaleString('en').padStart(11)} a second  ${rate.microsecondsEach.toFixed(2).padStart(7)} us each`,
  )
  const shown = Object.entries(facts).map(([key, value]) => `${key} ${value}`)
  return [`${title}: ${shown.join(', ')}`, ...lines].join('\n')
}

function fail(message: string): void {
  console.error(message)
  process.exitCode = 2
}
