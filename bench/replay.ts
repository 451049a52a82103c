// What a replay of a raw topic costs beside `process` on the same one: each run of each a child process with a group and
// output topics of its own, in turn.
import { runChild } from './children.ts'
import { fillRawTopic, withKafka, type BenchKafka, type RawTopic } from './kafka.ts'
import type { BenchOptions } from './options.ts'
import { withRatio, type BenchReport, type Figures } from './report.ts'
import { cpuFigures, inTurns } from './turns.ts'

const partitions = 8
const events = 'events/s'
const ratio = 'events/s / process'
const contestants = [
  { title: 'process', child: 'product' },
  { title: 'replay', child: 'replay' },
] as const

type Contestant = (typeof contestants)[number]

/** `records` default 500,000, `runs` 5. Medians over the runs. */
export async function benchReplay({ records = 500_000, runs = 5 }: BenchOptions): Promise<BenchReport> {
  return withKafka(async (kafka) => {
    const raw = await fillRawTopic(kafka, { partitions, records })
    const medians = await inTurns<Contestant>(contestants, runs, (contestant) => runOnce(kafka, raw, contestant))
    const rows = withRatio(medians, { column: events, base: 'process', title: ratio })
    const found = rows.find(({ name }) => name === 'replay')?.figures[ratio] ?? Number.NaN
    return {
      facts: { records, runs, partitions, bytesACall: raw.bytesACall, kafka: kafka.kind },
      rows,
      aims: [
        {
          name: 'process beside replay, events/s (replay at 0.9 of process or more)',
          found: 1 / found,
          limit: 1 / 0.9,
        },
      ],
    }
  })
}

function runOnce(kafka: BenchKafka, { records, name: rawTopic }: RawTopic, { child }: Contestant): Promise<Figures> {
  return kafka.withOutputs(partitions, async (prefix) => {
    const job = { brokers: kafka.brokers, rawTopic, prefix, records, commit: 'group' } as const
    const run = await runChild(child, job)
    const { last, joined } = run
    if (last.processed !== records) throw new Error(`${child} handled ${last.processed} records, not ${records}`)
    const working = last.seconds - joined.seconds
    return { [events]: records / working, 'events/s with start-up': records / last.seconds, ...cpuFigures(run) }
  })
}
