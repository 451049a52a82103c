// The process leg over one preloaded raw topic, beside what it is held against: each run of each contender a child process
// with a group and output topics of its own, contenders in turn, so that drift of the machine strikes all alike.
import { runChild, type Run } from './children.ts'
import { chooseContestants, groupCommitFact, titles, type Contestant } from './contestants.ts'
import { fillRawTopic, withKafka, type BenchKafka, type RawTopic } from './kafka.ts'
import type { BenchOptions } from './options.ts'
import {
  cpuColumn as cpu,
  perMillion,
  withRatio,
  type Aim,
  type BenchReport,
  type Figures,
  type Row,
} from './report.ts'
import { cpuFigures, inTurns } from './turns.ts'

const partitions = 8
const { product, productGroup, day, copying, json } = titles

/** `records` default 500,000, `runs` 5. Medians over the runs; CPU in seconds per million raw records. */
export async function benchProcess({ records = 500_000, runs = 5, only }: BenchOptions): Promise<BenchReport> {
  const chosen = chooseContestants(only)
  return withKafka(async (kafka) => {
    const raw = await fillRawTopic(kafka, { partitions, records })
    const medians = await inTurns(chosen, runs, (contestant) => runOnce(kafka, raw, contestant))
    const rows = withRatio(medians, { column: cpu, base: day, title: 'CPU / (1)' })
    return {
      facts: { records, runs, partitions, bytesACall: raw.bytesACall, kafka: kafka.kind, ...groupCommitFact() },
      rows,
      aims: aims(rows),
    }
  })
}

async function runOnce(kafka: BenchKafka, raw: RawTopic, { child, job }: Contestant): Promise<Figures> {
  const { records, name: rawTopic } = raw
  return kafka.withOutputs(raw.partitions, async (prefix) => {
    const run = await runChild(child, { brokers: kafka.brokers, rawTopic, prefix, records, ...job })
    const { processed } = run.last
    if (processed !== records) throw new Error(`${child} handled ${processed} records, not ${records}`)
    return toFigures(run)
  })
}

function toFigures(run: Run): Figures {
  const { last } = run
  const { cpuSeconds } = last.figures
  if (cpuSeconds !== undefined) return { [cpu]: perMillion(cpuSeconds, last.processed) }
  return { 'events/s': last.processed / last.seconds, ...cpuFigures(run) }
}

function aims(rows: readonly Row[]): readonly Aim[] {
  const of = (title: string): number | undefined => rows.find(({ name }) => name === title)?.figures[cpu]
  const [one, two, three] = [of(day), of(copying), of(json)]
  return [product, productGroup].flatMap((name) => {
    const found = of(name)
    if (found === undefined) return []
    return [
      ...(one === undefined ? [] : [{ name: `${name}: ${cpu}, a quarter of (1)`, found, limit: one / 4 }]),
      { name: `${name}: ${cpu}`, found, limit: 15 },
      ...(two === undefined || three === undefined
        ? []
        : [{ name: `${name}: ${cpu}, (2) + 1.25 x (3)`, found, limit: two + 1.25 * three }]),
    ]
  })
}
