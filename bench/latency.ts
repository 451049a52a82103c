// How long a call takes from being due on the raw topic to being seen by a read_committed reader of the destination, at a
// steady rate. Writer, engine and reader are processes of their own; times come from one clock, that of the machine.
import { startChild, type Child } from './children.ts'
import { hasGroupCommit } from './contenders/engine-config.ts'
import { outputTopics, type Job } from './contenders/contender.ts'
import { groupCommitFact } from './contestants.ts'
import { randomName, say, withKafka, type BenchKafka } from './kafka.ts'
import type { BenchOptions } from './options.ts'
import { digits, type Aim, type BenchReport, type Figures, type Row } from './report.ts'

const partitions = 8
/** Dropped: connections, sessions and the compiler take it. */
export const warmUpMs = 5_000
const aimMs = 100
const aimRate = 5_000

interface Mode {
  readonly name: string
  /** undefined: no engine, the reader reads the raw topic; what Kafka and the machine take by themselves. */
  readonly engine: Pick<Job, 'delivery' | 'commit'> | undefined
}

const modes: readonly Mode[] = [
  { name: 'no engine', engine: undefined },
  { name: 'exactly once, commit per partition', engine: { delivery: 'exactly-once', commit: 'partition' } },
  { name: 'exactly once, commit per group', engine: { delivery: 'exactly-once', commit: 'group' } },
  { name: 'at least once', engine: { delivery: 'at-least-once' } },
]

/** `rate` records a second, default 1,000 and 5,000; `seconds` measured of each, default 20. */
export async function benchLatency({ rate = [1_000, 5_000], seconds = 20 }: BenchOptions): Promise<BenchReport> {
  const tried = modes.filter(({ engine }) => engine?.commit !== 'group' || hasGroupCommit())
  const cases = rate.flatMap((perSecond) => tried.map((mode) => ({ mode, perSecond })))
  return withKafka(async (kafka) => {
    const rows: Row[] = []
    for (const one of cases) {
      const row = await runCase(kafka, { ...one, seconds })
      say(`${row.name}: p99 ${digits(row.figures['p99 ms'] ?? Number.NaN)} ms`)
      rows.push(row)
    }
    const facts = { seconds, droppedSeconds: warmUpMs / 1000, partitions, kafka: kafka.kind, ...groupCommitFact() }
    return { facts, rows, aims: aims(rows) }
  })
}

interface Case {
  readonly mode: Mode
  readonly perSecond: number
  readonly seconds: number
}

const title = ({ mode, perSecond }: Omit<Case, 'seconds'>): string => `${mode.name}, ${digits(perSecond)}/s`

async function runCase(kafka: BenchKafka, one: Case): Promise<Row> {
  const rawTopic = randomName('raw')
  await kafka.createTopic(rawTopic, partitions)
  const row = await kafka.withOutputs(partitions, async (prefix) => {
    const { main } = outputTopics(prefix)
    const job: Job = { brokers: kafka.brokers, rawTopic, prefix }
    const { engine: settings } = one.mode
    const engine = settings && startChild('product', { ...job, ...settings })
    const reader = startChild('reader', { ...job, reads: settings ? main : rawTopic, warmUpMs })
    const children = engine ? [engine, reader] : [reader]
    try {
      await Promise.all(children.map((child) => child.until(({ joined }) => joined)))
      return { name: title(one), figures: await measureLatency({ engine, reader }, job, one) }
    } finally {
      for (const child of children) child.kill()
    }
  })
  await kafka.deleteTopics([rawTopic])
  return row
}

interface Children {
  readonly engine: Child | undefined
  /** It tells the latencies when it is told to end. */
  readonly reader: Child
}

/** Starts the writer of `job` and lets it write for `warmUpMs` and then `seconds`; all of the children are finished. */
export async function measureLatency(
  { engine, reader }: Children,
  job: Job,
  { perSecond, seconds }: Pick<Case, 'perSecond' | 'seconds'>,
): Promise<Figures> {
  const writer = startChild('writer', { ...job, perSecond })
  try {
    await writer.until(({ processed }) => processed >= (perSecond * warmUpMs) / 1000)
    const begin = engine?.latest()
    await writer.until(({ processed }) => processed >= perSecond * (warmUpMs / 1000 + seconds))
    const end = engine?.latest()
    const { processed: written } = await writer.finish()
    const done = await engine?.until(({ processed }) => processed >= written)
    const messages = done?.figures['messages'] ?? written
    await reader.until(({ processed }) => processed >= messages)
    await engine?.finish()
    const { figures } = await reader.finish()
    if (begin === undefined || end === undefined) return figures
    const share = (end.cpuSeconds - begin.cpuSeconds) / (end.seconds - begin.seconds)
    return { ...figures, 'CPU % of a core': 100 * share }
  } finally {
    writer.kill()
  }
}

function aims(rows: readonly Row[]): readonly Aim[] {
  return rows.flatMap(({ name, figures }) => {
    const found = figures['p99 ms']
    const counts = name.startsWith('exactly once') && name.endsWith(`, ${digits(aimRate)}/s`)
    return counts && found !== undefined ? [{ name: `${name}: p99 ms`, found, limit: aimMs }] : []
  })
}
