// What more processes cost: 1, 2 and 4 of them in one group over the same 8 partitions. The calls become visible only when
// all are joined and share the partitions evenly, so that each case measures work and no rebalance.
import { startChild, type Child } from './children.ts'
import type { Job } from './contenders/contender.ts'
import { fillBehindGate, say, withKafka, type BenchKafka } from './kafka.ts'
import type { BenchOptions } from './options.ts'
import { digits, withRatio, type BenchReport, type Row } from './report.ts'

const counts = [1, 2, 4] as const
const partitions = 8
const cpu = 'CPU s/M warm'
const ratio = 'CPU / one process'

/** `records` default 600,000 a case. CPU from the time when every process has handled a few calls to the last one. */
export async function benchScale({ records = 600_000 }: BenchOptions): Promise<BenchReport> {
  return withKafka(async (kafka) => {
    const found: Row[] = []
    for (const count of counts) found.push(await runCase(kafka, count, records))
    const rows = withRatio(found, { column: cpu, base: title(1), title: ratio })
    const aims = rows.slice(1).flatMap(({ name, figures }) => {
      const times = figures[ratio] ?? Number.NaN
      return [{ name: `${name}: off by, of the CPU of one process`, found: Math.abs(times - 1), limit: 0.15 }]
    })
    return { facts: { records, partitions, kafka: kafka.kind }, rows, aims }
  })
}

const title = (count: number): string => (count === 1 ? '1 process' : `${count} processes`)

async function runCase(kafka: BenchKafka, count: number, records: number): Promise<Row> {
  const topic = await fillBehindGate(kafka, { partitions, records })
  const row = await kafka.withOutputs(partitions, async (prefix) => {
    const job: Job = { brokers: kafka.brokers, rawTopic: topic.name, prefix }
    const children = Array.from({ length: count }, () => startChild('product', job))
    try {
      await Promise.all(
        children.map((child) => child.until(({ figures }) => figures['assigned'] === partitions / count)),
      )
      await topic.open()
      return await measure(children, records)
    } finally {
      for (const child of children) child.kill()
    }
  })
  await kafka.deleteTopics([topic.name])
  say(`${row.name}: ${digits(row.figures[cpu] ?? 0)} ${cpu}`)
  return row
}

// A tenth of its share is enough to have compiled most of what runs hot.
async function measure(children: readonly Child[], records: number): Promise<Row> {
  const wanted = records / children.length / 10
  await Promise.all(children.map((child) => child.until(({ processed }) => processed >= wanted)))
  const begin = sums(children)
  const startedAtMs = performance.now()
  const first = children[0]
  await first?.until(() => sums(children).processed >= records)
  const seconds = (performance.now() - startedAtMs) / 1000
  const end = sums(children)
  await Promise.all(children.map((child) => child.finish()))
  if (end.processed !== records) throw new Error(`${end.processed} records were handled, not ${records}`)
  const handled = end.processed - begin.processed
  return {
    name: title(children.length),
    figures: {
      'events/s': handled / seconds,
      [cpu]: ((end.cpuSeconds - begin.cpuSeconds) * 1e6) / handled,
      'peak RSS MB, sum': end.peakRssMb,
    },
  }
}

function sums(children: readonly Child[]): Record<'processed' | 'cpuSeconds' | 'peakRssMb', number> {
  const all = children.flatMap((child) => child.latest() ?? [])
  const sum = (value: (one: (typeof all)[number]) => number): number =>
    all.reduce((total, one) => total + value(one), 0)
  return {
    processed: sum(({ processed }) => processed),
    cpuSeconds: sum(({ cpuSeconds }) => cpuSeconds),
    peakRssMb: sum(({ peakRssMb }) => peakRssMb),
  }
}
