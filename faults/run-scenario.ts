// Runs one scenario on a cluster: topics, legs, faults, the rest of the work, an orderly end, and then the account by an
// independent reader. In: scenario, cluster, choices. Out: a row (report.ts). Whatever was started has ended by then.
import { randomBytes } from 'node:crypto'
import { leadersOf, stockKafka, withStockAdmin } from '../test/support/cluster-state.ts'
import type { Cluster } from '../test/support/cluster.ts'
import { createLedger, type Account } from '../test/support/accounting.ts'
import { readWithJava } from '../test/support/committed-reader.ts'
import { seededRandom } from '../test/support/seeded-random.ts'
import { until } from '../test/support/until.ts'
import { toRow, type Row } from './report.ts'
import type { Leg, Scenario, Size, Topics } from './scenario.ts'
import { createStage, type HarnessStage } from './stage.ts'

export interface RunOptions {
  readonly size: Size
  /** Value of `process.commit`; absent: not set. */
  readonly commit?: 'partition' | 'group' | undefined
  readonly seed: number
  readonly onProgress: (line: string) => void
}

const drainTimeoutMs = 180_000
const stopTimeoutMs = 40_000
/** Longer than any transaction timeout of the legs. */
const openTransactionsMs = 45_000

/** Never rejects for what the product does: that stands in the row. */
export async function runScenario(scenario: Scenario, cluster: Cluster, options: RunOptions): Promise<Row> {
  const name = `${scenario.name}-${randomBytes(3).toString('hex')}`
  const topics = namesOf(name, scenario.partitions ?? 8)
  await cluster.waitUntilInSync()
  await createTopics(cluster, topics)
  const kafka = stockKafka(cluster.direct)
  const stage = createStage({ ...options, cluster, topics, prefix: name, kafka, random: seededRandom(options.seed) })
  const teller = tell(scenario, stage, options)
  try {
    await guarded(stage, () => scenario.run(stage))
    await guarded(stage, () => drain(stage))
    await guarded(stage, () => endLegs(stage))
    const account = await guarded(stage, () => takeAccount(cluster, topics))
    return toRow({
      scenario,
      options,
      findings: stage.findings(),
      recoveriesMs: stage.progress.recoveriesMs(),
      account,
    })
  } finally {
    clearInterval(teller)
    await stage.close()
    await withStockAdmin(cluster.direct, (admin) => admin.deleteTopics({ topics: allOf(topics) })).catch(
      () => undefined,
    )
  }
}

function namesOf(name: string, partitions: number): Topics {
  return {
    raw: `${name}.raw`,
    destination: `${name}.main`,
    deadLetters: `${name}.dlq`,
    unsupported: `${name}.unsupported`,
    partitions,
  }
}

const allOf = ({ raw, destination, deadLetters, unsupported }: Topics): string[] => [
  raw,
  destination,
  deadLetters,
  unsupported,
]

async function createTopics(cluster: Cluster, topics: Topics): Promise<void> {
  const specs = allOf(topics).map((topic) => ({
    topic,
    numPartitions: topics.partitions,
    replicationFactor: cluster.size,
  }))
  await withStockAdmin(cluster.direct, (admin) => admin.createTopics({ topics: specs, waitForLeaders: false }))
  // kafkajs's own waiting gives up at the first broker that has not heard of a topic.
  for (const topic of allOf(topics)) {
    const isThere = async (): Promise<boolean> => {
      const leaders = await leadersOf(cluster.direct, topic).catch(() => new Map<number, number>())
      return leaders.size === topics.partitions && [...leaders.values()].every((leader) => leader >= 0)
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

async function takeAccount(cluster: Cluster, topics: Topics): Promise<Account> {
  const { raw, destination, deadLetters, unsupported } = topics
  const ledger = createLedger({ destinations: [destination], deadLetters, unsupported })
  // The raw topic first: the ledger wants all raw records before the first output.
  const end = await readWithJava(
    { jars: cluster.jars, brokers: cluster.direct, topics: allOf(topics), openTransactionsMs },
    (record) => (record.topic === raw ? ledger.addRaw(record) : ledger.addOutput(record)),
  )
  if ('open' in end) throw new Error(`a transaction was left open: ${end.open}`)
  return ledger.close()
}

function tell(scenario: Scenario, { progress, findings }: HarnessStage, { onProgress }: RunOptions): NodeJS.Timeout {
  const say = (): void =>
    onProgress(`${scenario.name}: ${progress.done()} of ${progress.fed()} done, ${findings().struck.length} faults`)
  return setInterval(say, 1_000)
}
