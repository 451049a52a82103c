// Where the time of one contender goes: a run of the process leg under --cpu-prof, read as a table of self times.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runChild } from './children.ts'
import { chooseContestants, type Contestant } from './contestants.ts'
import { areaPercents, selfTimes, type CpuProfile, type SelfTime } from './cpu-profile.ts'
import { fillRawTopic, withKafka } from './kafka.ts'
import type { BenchOptions } from './options.ts'
import type { BenchReport } from './report.ts'

const percent = '% of busy time'

/** `records` default 300,000; `top` functions, default 30; `only` one contender, default product. */
export async function benchProfile({ records = 300_000, top = 30, only }: BenchOptions): Promise<BenchReport> {
  const [contestant, ...more] = chooseContestants(only ?? ['product'])
  if (contestant === undefined || more.length > 0) throw new Error('--only takes one name here')
  const times = await profiled(contestant, records)
  const busyMs = times.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  const rows = [
    ...areaPercents(times).map(([area, share]) => ({ name: `area ${area}`, figures: { [percent]: share } })),
    ...times.slice(0, top).map(({ name, file, busyPercent }) => ({
      name: `${name}  ${file}`.trimEnd(),
      figures: { [percent]: busyPercent },
    })),
  ]
  return { facts: { contender: contestant.title, records, busySeconds: Math.round(busyMs) / 1000 }, rows, aims: [] }
}

async function profiled({ child, job }: Contestant, records: number): Promise<readonly SelfTime[]> {
  const folder = mkdtempSync(join(tmpdir(), 'trackbridge-profile-'))
  try {
    await withKafka(async (kafka) => {
      const { name: rawTopic, partitions } = await fillRawTopic(kafka, { partitions: 8, records })
      await kafka.withOutputs(partitions, (prefix) =>
        runChild(child, { brokers: kafka.brokers, rawTopic, prefix, records, ...job }, [
          '--cpu-prof',
          `--cpu-prof-dir=${folder}`,
        ]),
      )
    })
    const [file] = readdirSync(folder)
    if (file === undefined) throw new Error(`${child} has left no profile`)
    return selfTimes(JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
