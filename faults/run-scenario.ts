// Runs one scenario on a cluster: topics, legs, faults, the rest of the work, an orderly end, and then the account by an
// independent reader. In: subject, scenario, cluster, choices. Out: a row (report.ts). Whatever was started has ended by
// then.
import { randomBytes } from 'node:crypto'
import { leadersOf, stockKafka, withStockAdmin } from '../test/support/cluster-state.ts'
import type { Cluster } from '../test/support/cluster.ts'
import { seededRandom } from '../test/support/seeded-random.ts'
import { until } from '../test/support/until.ts'
import { toRow, type Row } from './report.ts'
import type { Leg, Scenario, Stage } from './scenario.ts'
import { createStage, type HarnessStage } from './stage.ts'
import type { RunOptions, Scene, Subject } from './subject.ts'

const drainTimeoutMs = 180_000
const stopTimeoutMs = 40_000

/** Never rejects for what the product does: that stands in the row. */
export async function runScenario<S extends Stage, A>(
  subject: Subject<S, A>,
  scenario: Scenario<S>,
  cluster: Cluster,
  options: RunOptions,
): Promise<Row<A>> {
  const prefix = `${scenario.name}-${randomBytes(3).toString('hex')}`
  await cluster.waitUntilInSync()
  const kafka = stockKafka(cluster.direct)
  const partitions = scenario.partitions ?? 8
  const scene: Scene = { ...options, cluster, kafka, prefix, partitions, random: seededRandom(options.seed) }
  const setting = await subject.open(scene)
  await createTopics(cluster, setting.topics, partitions)
  const stage = createStage(scene, { ...setting, command: subject.command })
  const teller = tell(scenario.name, stage, options)
  try {
    await guarded(stage, () => scenario.run(setting.dress(stage)))
    await guarded(stage, () => drain(stage))
    await guarded(stage, () => endLegs(stage))
    const account = await guarded(stage, () => setting.takeAccount())
    const recoveries = stage.progress.recoveries()
    return toRow({ scenario, options, findings: stage.findings(), recoveries, account }, subject.reading)
  } finally {
    clearInterval(teller)
    await stage.close()
    await withStockAdmin(cluster.direct, (admin) => admin.deleteTopics({ topics: [...setting.topics] })).catch(
      () => undefined,
    )
  }
}

async function createTopics(cluster: Cluster, topics: readonly string[], partitions: number): Promise<void> {
  const specs = topics.map((topic) => ({ topic, numPartitions: partitions, replicationFactor: cluster.size }))
  await withStockAdmin(cluster.direct, (admin) => admin.createTopics({ topics: specs, waitForLeaders: false }))
  // kafkajs's own waiting gives up at the first broker that has not heard of a topic.
  for (const topic of topics) {
    const isThere = async (): Promise<boolean> => {
      const leaders = await leadersOf(cluster.direct, topic).catch(() => new Map<number, number>())
      return leaders.size === partitions && [...leaders.values()].every((leader) => leader >= 0)
    }
    await until(isThere, { describe: () => `${topic} has leaders` })
  }
}

/** A step that fails is a finding, and the account is taken all the same: what is lost stays in sight. */
async function guarded<T>(stage: HarnessStage, step: () => Promise<T>): Promise<T | undefined> {
  try {
    return await step()
  } catch (error) {
    stage.complain(error instanceof Error ? error.message : String(error))
    return undefined
  }
}

async function drain(stage: HarnessStage): Promise<void> {
  if (stage.legs().length === 0) stage.start()
  const describe = (): string =>
    `everything done; left: ${stage.progress.describe()}\n${stage
      .legs()
      .map((leg) => leg.tail())
      .join('\n')}`
  await until(() => stage.progress.isComplete(), { timeoutMs: drainTimeoutMs, describe })
}

async function endLegs(stage: HarnessStage): Promise<void> {
  const legs = stage.legs()
  for (const leg of legs) leg.send('SIGTERM')
  const describe = (): string => `all legs ended after SIGTERM\n${legs.map((leg) => leg.tail()).join('\n')}`
  await until(() => legs.every((leg) => leg.isOver()), { timeoutMs: stopTimeoutMs, describe })
  for (const leg of legs) await requireOrderlyEnd(leg, stage)
}

async function requireOrderlyEnd(leg: Leg, stage: HarnessStage): Promise<void> {
  const { code, signal } = await leg.ended
  // A process that has said nothing is still loading its modules: the signal ends it before it has touched anything.
  const hadBegun = leg.lines.length > 0
  if (code !== 0 && (hadBegun || signal !== 'SIGTERM'))
    stage.complain(`${leg.name} ended with ${String(code ?? signal)} after SIGTERM\n${leg.tail()}`)
}

function tell(name: string, { progress, findings }: HarnessStage, { onProgress }: RunOptions): NodeJS.Timeout {
  const say = (): void =>
    onProgress(`${name}: ${progress.done()} of ${progress.fed()} done, ${findings().struck.length} faults`)
  return setInterval(say, 1_000)
}
