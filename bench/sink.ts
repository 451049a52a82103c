// The sink over one preloaded topic, against a stand-in of the API in a process of its own, beside what it is held
// against; and how long a message takes from being due on the topic to being accepted.
import { startChild } from './children.ts'
import { messagesARequest } from './contenders/sink-config.ts'
import { say, withKafka, type BenchKafka } from './kafka.ts'
import { measureLatency, warmUpMs } from './latency.ts'
import type { BenchOptions } from './options.ts'
import { digits, withRatio, type BenchReport, type Row } from './report.ts'
import { sinkAims, speedColumn } from './sink-aims.ts'
import { ceilingTitle, chooseSinkContestants, missingSettings } from './sink-contestants.ts'
import { runSinkOnce, withApi } from './sink-run.ts'
import { fillSinkTopic } from './sink-topic.ts'
import { inTurns } from './turns.ts'

const partitions = 8

/** `records` default 1,000,000, `runs` 3; `rate` default 5,000 and `seconds` 20 are those of the rows of latency. */
export async function benchSink(options: BenchOptions): Promise<BenchReport> {
  const { records = 1_000_000, runs = 3, rate = [5_000], seconds = 20 } = options
  const chosen = chooseSinkContestants(options)
  return withKafka(async (kafka) => {
    const topic = await fillSinkTopic(kafka, { partitions, records })
    const medians = await inTurns(chosen.contestants, runs, (contestant) => runSinkOnce(kafka, topic, contestant))
    const rows = withRatio(medians, { column: speedColumn, base: ceilingTitle, title: 'of ceiling' })
    const latency = chosen.latency ? await latencyRows(kafka, { rate, seconds }) : []
    const { bytesAMessage, refused } = topic
    const size = { records, runs, partitions, messagesARequest, bytesAMessage, refused }
    return {
      facts: { ...size, kafka: kafka.kind, ...missingSettings() },
      rows: [...rows, ...latency],
      aims: sinkAims(chosen.contestants, rows),
    }
  })
}

interface LatencyCase {
  readonly perSecond: number
  readonly seconds: number
  /** Absent: the product's default. */
  readonly lingerMs?: number
}

async function latencyRows(
  kafka: BenchKafka,
  { rate, seconds }: { readonly rate: readonly number[]; readonly seconds: number },
): Promise<readonly Row[]> {
  const cases = rate.flatMap((perSecond): LatencyCase[] => [
    { perSecond, seconds },
    { perSecond, seconds, lingerMs: 10 },
  ])
  const rows: Row[] = []
  for (const one of cases) {
    const row = await latencyRow(kafka, one)
    say(`${row.name}: p99 ${digits(row.figures['p99 ms'] ?? Number.NaN)} ms`)
    rows.push(row)
  }
  return rows
}

// A few messages go first: when they have arrived, every partition is assigned and has its connection.
const before = 100 * partitions

async function latencyRow(kafka: BenchKafka, { lingerMs, ...pace }: LatencyCase): Promise<Row> {
  const topic = await fillSinkTopic(kafka, { partitions, records: before })
  const row = await withApi(kafka, { rawTopic: topic.name, warmUpMs }, async (job, api) => {
    const engine = startChild('sink', { ...job, sink: lingerMs === undefined ? {} : { lingerMs } })
    try {
      await engine.until(({ processed }) => processed >= before)
      const figures = await measureLatency({ engine, reader: api }, { ...job, writes: 'messages' }, pace)
      const told = Object.entries(figures).filter(([column]) => latencyColumns.includes(column))
      return { name: latencyTitle(pace.perSecond, lingerMs), figures: Object.fromEntries(told) }
    } finally {
      engine.kill()
    }
  })
  await kafka.deleteTopics([topic.name])
  return row
}

const latencyColumns: readonly string[] = ['samples', 'p50 ms', 'p99 ms', 'max ms', 'CPU % of a core']

const latencyTitle = (perSecond: number, lingerMs: number | undefined): string =>
  `latency at ${digits(perSecond)}/s, lingerMs ${lingerMs ?? 'as it comes'}`
