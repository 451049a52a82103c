// One contestant of the sink's benchmark at work: beside it a stand-in of the API of its own, whose count it must agree with.
import { runChild, startChild, type Child, type ChildOptions } from './children.ts'
import type { Job } from './contenders/contender.ts'
import type { BenchKafka } from './kafka.ts'
import { perMillion, type Figures } from './report.ts'
import { speedColumn } from './sink-aims.ts'
import type { SinkContestant } from './sink-contestants.ts'
import type { SinkTopic } from './sink-topic.ts'
import { cpuFigures } from './turns.ts'

/** One run of a contestant over the topic. Throws when what it says and what the stand-in has seen do not agree with what
 *  was to be sent. */
export async function runSinkOnce(
  kafka: BenchKafka,
  topic: SinkTopic,
  {
    child,
    share = 1,
    role,
    pinned = false,
    job = {},
    nodeOptions = [],
  }: SinkContestant & Pick<ChildOptions, 'nodeOptions'>,
): Promise<Figures> {
  const refuses = typeof role === 'object'
  const records = Math.floor(topic.records * share)
  return withApi(kafka, { rawTopic: topic.name, refuses }, async (given, api) => {
    const opened = api.latest()
    const run = await runChild(child, { ...given, ...job, records }, { pinned, nodeOptions })
    const { figures, cpuSeconds } = await api.finish()
    const count = (name: string): number => figures[name] ?? Number.NaN
    const expected = refuses ? topic.refused : 0
    if (count('accepted') !== records - expected || count('refused') < expected || run.last.processed !== records)
      throw new Error(
        `${child}: ${records} messages were to be sent and ${expected} of them refused; the stand-in has taken ` +
          `${count('accepted')}, has refused ${count('refused')}, and ${run.last.processed} are told as done`,
      )
    return {
      [speedColumn]: records / count('busySeconds'),
      ...cpuFigures(run),
      'messages / request': records / count('requests'),
      'API CPU s/M': perMillion(cpuSeconds - (opened?.cpuSeconds ?? 0), records),
    }
  })
}

/** A stand-in of the API and fresh output topics for the time of `work`, with the job that names them. */
export async function withApi<T>(
  kafka: BenchKafka,
  { rawTopic, ...apiJob }: Pick<Job, 'rawTopic' | 'refuses' | 'warmUpMs'>,
  work: (job: Job, api: Child) => Promise<T>,
): Promise<T> {
  return kafka.withOutputs(1, async (prefix) => {
    const job: Job = { brokers: kafka.brokers, rawTopic, prefix }
    const api = startChild('api', { ...job, ...apiJob, tickMs: 200 })
    try {
      const { figures } = await api.until(({ joined }) => joined)
      return await work({ ...job, api: `http://127.0.0.1:${figures['port']}/v1` }, api)
    } finally {
      api.kill()
    }
  })
}
