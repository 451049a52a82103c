// Where the time of one contender goes: a run of the process leg or of the sink under --cpu-prof, read as a table of self times.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runChild } from './children.ts'
import { chooseContestants, type Contestant } from './contestants.ts'
import { areaPercents, selfTimes, type CpuProfile, type SelfTime } from './cpu-profile.ts'
import { fillRawTopic, withKafka } from './kafka.ts'
import type { BenchOptions } from './options.ts'
import type { BenchReport } from './report.ts'
import { chooseSinkContestants, type SinkContestant } from './sink-contestants.ts'
import { runSinkOnce } from './sink-run.ts'
import { fillSinkTopic } from './sink-topic.ts'

const partitions = 8
const sinkMark = 'sink:'
const percent = '% of busy time'

/** `records` default 300,000; `top` functions, default 30; `only` one contender, default product: one of `process`, or one
 *  of `sink` as `sink:NAME`. */
export async function benchProfile({
  records = 300_000,
  top = 30,
  only = ['product'],
}: BenchOptions): Promise<BenchReport> {
  const { title, run } = chooseSubject(only)
  const times = await profiled(title, (nodeOptions) => run(records, nodeOptions))
  const busyMs = times.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  const rows = [
    ...areaPercents(times).map(([area, share]) => ({ name: `area ${area}`, figures: { [percent]: share } })),
    ...times.slice(0, top).map(({ name, file, busyPercent }) => ({
      name: `${name}  ${file}`.trimEnd(),
      figures: { [percent]: busyPercent },
    })),
  ]
  return { facts: { contender: title, records, busySeconds: Math.round(busyMs) / 1000 }, rows, aims: [] }
}

interface Subject {
  readonly title: string
  readonly run: (records: number, nodeOptions: readonly string[]) => Promise<unknown>
}

function chooseSubject([name = '', ...more]: readonly string[]): Subject {
  if (more.length > 0) throw new Error(`--only takes one name here, found ${more.length + 1}`)
  const [subject] = name.startsWith(sinkMark)
    ? chooseSinkContestants({ only: [name.slice(sinkMark.length)] }).contestants.map(sinkSubject)
    : chooseContestants([name]).map(processSubject)
  if (subject === undefined) throw new Error(`${JSON.stringify(name)} has no profile: it is a measurement of several`)
  return subject
}

const processSubject = ({ child, title, job }: Contestant): Subject => ({
  title,
  run: (records, nodeOptions) =>
    withKafka(async (kafka) => {
      const { name: rawTopic } = await fillRawTopic(kafka, { partitions, records })
      await kafka.withOutputs(partitions, (prefix) =>
        runChild(child, { brokers: kafka.brokers, rawTopic, prefix, records, ...job }, { nodeOptions }),
      )
    }),
})

const sinkSubject = (contestant: SinkContestant): Subject => ({
  title: contestant.title,
  run: (records, nodeOptions) =>
    withKafka(async (kafka) => {
      const topic = await fillSinkTopic(kafka, { partitions, records })
      await runSinkOnce(kafka, topic, { ...contestant, nodeOptions })
    }),
})

async function profiled(
  title: string,
  run: (nodeOptions: readonly string[]) => Promise<unknown>,
): Promise<readonly SelfTime[]> {
  const folder = mkdtempSync(join(tmpdir(), 'trackbridge-profile-'))
  try {
    await run(['--cpu-prof', `--cpu-prof-dir=${folder}`])
    const [file] = readdirSync(folder)
    if (file === undefined) throw new Error(`${title} has left no profile`)
    return selfTimes(JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
