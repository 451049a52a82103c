// What waiting costs: 64 partitions assigned, each of them worked on before so that its session is open, and nothing to do.
import { systemClock } from '../src/clock.ts'
import { startChild } from './children.ts'
import { hasGroupCommit } from './contenders/engine-config.ts'
import type { Job } from './contenders/contender.ts'
import { groupCommitFact } from './contestants.ts'
import { fillRawTopic, withKafka, type BenchKafka, type RawTopic } from './kafka.ts'
import type { BenchOptions } from './options.ts'
import type { BenchReport, Row } from './report.ts'

const partitions = 64
const records = 6_400
const settleMs = 5_000
const percent = 'CPU % of a core'

/** Watches for `seconds`, default 30, after five to settle. */
export async function benchIdle({ seconds = 30 }: BenchOptions): Promise<BenchReport> {
  return withKafka(async (kafka) => {
    const raw = await fillRawTopic(kafka, { partitions, records })
    const modes = hasGroupCommit() ? (['partition', 'group'] as const) : (['partition'] as const)
    const rows: Row[] = []
    for (const commit of modes) rows.push(await watch(kafka, raw, { commit, seconds }))
    const aims = rows.map(({ name, figures }) => ({
      name: `${name}: ${percent}`,
      found: figures[percent] ?? Number.NaN,
      limit: 1,
    }))
    return { facts: { partitions, seconds, kafka: kafka.kind, ...groupCommitFact() }, rows, aims }
  })
}

interface Mode {
  readonly commit: 'partition' | 'group'
  readonly seconds: number
}

async function watch(kafka: BenchKafka, { name: rawTopic }: RawTopic, { commit, seconds }: Mode): Promise<Row> {
  return kafka.withOutputs(partitions, async (prefix) => {
    // Once a second: telling how far it is would cost more than waiting does.
    const job: Job = { brokers: kafka.brokers, rawTopic, prefix, tickMs: 1_000, commit }
    const child = startChild('product', job)
    try {
      await child.until(({ processed, figures }) => processed >= records && figures['assigned'] === partitions)
      await systemClock.sleep(settleMs)
      const begin = child.latest()
      const until = (begin?.seconds ?? 0) + seconds
      const end = await child.until((snapshot) => snapshot.seconds >= until)
      await child.finish()
      const share = (end.cpuSeconds - (begin?.cpuSeconds ?? 0)) / (end.seconds - (begin?.seconds ?? 0))
      return {
        name: `commit per ${commit}`,
        figures: { [percent]: 100 * share, 'peak RSS MB': end.peakRssMb },
      }
    } finally {
      child.kill()
    }
  })
}
