// The audit over a filled raw topic and the outputs of two destinations: how long it takes, and how much memory.
import { auditTopics, fillAuditTopics } from './audit-topics.ts'
import { runChild } from './children.ts'
import type { Job } from './contenders/contender.ts'
import { withKafka } from './kafka.ts'
import type { BenchOptions } from './options.ts'
import { cpuColumn, perMillion, type BenchReport, type Row } from './report.ts'

const partitions = 8
const growth = 'MB above the start'

/** `records` default 1,000,000. Once with translating each raw record again, once without. */
export async function benchAudit({ records = 1_000_000 }: BenchOptions): Promise<BenchReport> {
  return withKafka((kafka) =>
    kafka.withOutputs(partitions, async (prefix) => {
      const { rawTopic, outputs } = await fillAuditTopics(kafka, prefix, { partitions, records })
      const job: Job = { brokers: kafka.brokers, rawTopic, prefix }
      const rows = [
        await run('audit', job, records),
        await run('audit --no-translate', { ...job, weak: true }, records),
      ]
      const destinations = auditTopics(prefix).destinations.length
      return {
        facts: { records, outputs, partitions, destinations, kafka: kafka.kind },
        rows,
        aims: rows.map(({ name, figures }) => ({
          name: `${name}: ${growth}`,
          found: figures[growth] ?? Number.NaN,
          limit: 200,
        })),
      }
    }),
  )
}

async function run(name: string, job: Job, records: number): Promise<Row> {
  const { last } = await runChild('audit', job)
  const { startRssMb = Number.NaN, faults = Number.NaN } = last.figures
  if (last.processed !== records || faults !== 0)
    throw new Error(`${name} has judged ${last.processed} records, not ${records}, and found ${faults} faults, not 0`)
  const figures = {
    seconds: last.seconds,
    'records/s': records / last.seconds,
    [cpuColumn]: perMillion(last.cpuSeconds, records),
    'peak RSS MB': last.peakRssMb,
    'start RSS MB': startRssMb,
    [growth]: last.peakRssMb - startRssMb,
  }
  return { name, figures }
}
