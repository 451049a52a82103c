// What `trackbridge check` finds out, without side effects. In: Config, a broker, a probe of the API. Out: sections of
// items, each ok, warning, failed or skipped. Ruled by product.md, "Commands".
import type { Clock } from '../../clock.ts'
import { backfillName } from '../../config/destination-schema.ts'
import type { Config } from '../../config/schema.ts'
import { grantCommand, onTransactionalIds, type Identity } from '../../kafka/access.ts'
import type { Admin, Broker } from '../../kafka/broker.ts'
import { within } from '../../kafka/deadline.ts'
import { readTopicPlan, type TopicPlan } from '../../kafka/topics.ts'
import { wantedTopics } from '../../kafka/wanted-topics.ts'
import { sinkGroup } from '../../sink/sink.ts'
import { clusterItems, internalTopics } from './check-cluster.ts'
import { groupItems, type GroupDeps, type GroupOfTopics } from './check-groups.ts'
import {
  fault,
  fine,
  messageOf,
  orFault,
  skipped,
  unlessDenied,
  warning,
  type CheckItem,
  type CheckSection,
} from './check-item.ts'
import { topicItems, type Use } from './check-topics.ts'
import { processGroup } from '../group-names.ts'

/** The commands that are to work with this configuration. */
export type CheckedCommand = 'process' | 'sink'

export interface KafkaCheck {
  readonly config: Config
  readonly clock: Clock
  readonly identity: Identity
  readonly commands: readonly CheckedCommand[]
  /** For all of it. */
  readonly timeoutMs: number
}

const titles = ['Kafka', 'Topics', 'Groups'] as const

/** Cluster, topics, groups. Never rejects: what fails is an item, and what depends on it is skipped. */
export async function kafkaSections(
  open: () => Promise<Pick<Broker, 'admin'>>,
  check: KafkaCheck,
): Promise<readonly CheckSection[]> {
  let admin: Admin | undefined
  const look = async (): Promise<readonly CheckSection[]> => {
    admin = await (await open()).admin()
    const cluster = await orFault('brokers', clusterItems(admin, check.config, check.identity))
    return [section('Kafka', cluster), ...(await topicAndGroupSections(admin, check))]
  }
  try {
    return await within(look(), { timeoutMs: check.timeoutMs, tried: 'check Kafka', clock: check.clock })
  } catch (error) {
    return unreached(check, error)
  } finally {
    await admin?.close().catch(() => undefined)
  }
}

const section = (title: (typeof titles)[number], items: readonly CheckItem[]): CheckSection => ({ title, items })

const notReached = 'Kafka is not reached'

function unreached({ config, commands }: KafkaCheck, error: unknown): readonly CheckSection[] {
  const topics = wantedTopics(config).map(({ name }) => skipped(`topic ${name}`, notReached))
  const groups = groupsOf(config, commands, config.raw.topics).map(({ group }) => skipped(`group ${group}`, notReached))
  const toDo = 'look at kafka.brokers, kafka.ssl, kafka.sasl and the firewall between'
  return [
    section('Kafka', [fault('brokers', messageOf(error), toDo)]),
    section('Topics', topics),
    section('Groups', groups),
  ]
}

async function topicAndGroupSections(admin: Admin, check: KafkaCheck): Promise<readonly CheckSection[]> {
  const { config, commands, identity } = check
  const denied = await deniedTopics(admin, config)
  // One topic that may not be described must not keep us from looking at the others.
  const allowed = {
    ...admin,
    topics: (names: readonly string[]) => admin.topics(names.filter((one) => !denied.has(one))),
  }
  const plan = await readTopicPlan(allowed, config, identity).then((all) => comparable(all, denied), messageOf)
  if (typeof plan === 'string') {
    const topics = wantedTopics(config).map(({ name }) => fault(`topic ${name}`, plan))
    return [section('Topics', topics), section('Groups', await allGroupItems(admin, { plan: [], denied }, check))]
  }
  const used = plan.filter((topic) => usesOf(config, topic, commands).length > 0)
  const standings = await admin.standings(used.map(({ name }) => name)).catch(messageOf)
  const known = typeof standings === 'string' ? new Map<string, never>() : standings
  const topics = used.flatMap((topic) =>
    topicItems(topic, known.get(topic.name), {
      uses: typeof standings === 'string' ? [] : usesOf(config, topic, commands),
      identity,
    }),
  )
  const beside = [
    ...(typeof standings === 'string' ? [fault('topics', standings)] : []),
    ...patternItems(config, plan),
    ...(await futureItems(admin, used, check.clock)),
  ]
  return [
    section('Topics', [...topics, ...beside]),
    section('Groups', await allGroupItems(admin, { plan: used, denied }, check)),
  ]
}

/** Partitions are held against those of the raw topics, where these may be described. */
function comparable(plan: readonly TopicPlan[], denied: ReadonlySet<string>): readonly TopicPlan[] {
  if (!plan.some(({ name, role }) => role === 'raw' && denied.has(name))) return plan
  return plan.map((topic) => ({
    ...topic,
    differences: topic.differences.filter(({ subject }) => subject !== 'partitions'),
  }))
}

async function deniedTopics(admin: Admin, config: Config): Promise<ReadonlySet<string>> {
  const standings = await admin.standings(wantedTopics(config).map(({ name }) => name)).catch(() => [])
  return new Set([...standings].flatMap(([name, standing]) => (standing === 'denied' ? [name] : [])))
}

function usesOf(
  config: Config,
  { name, role }: Pick<TopicPlan, 'name' | 'role'>,
  commands: readonly CheckedCommand[],
): readonly Use[] {
  const processes = commands.includes('process')
  const forwarded = commands.includes('sink') ? config.destinations.filter(({ sink }) => sink !== undefined) : []
  switch (role) {
    case 'raw':
      return processes ? ['Read'] : []
    case 'destination':
      return destinationUses(config, name, { processes, forwarded })
    case 'dead-letters':
      return processes || forwarded.length > 0 ? ['Write'] : []
    case 'unsupported':
      return processes ? ['Write'] : []
  }
}

function destinationUses(
  { destinations }: Config,
  name: string,
  { processes, forwarded }: { readonly processes: boolean; readonly forwarded: Config['destinations'] },
): readonly Use[] {
  const isRead = forwarded.some(({ topic, backfill }) => topic === name || backfill?.topic === name)
  // Only replays write to a backfill topic.
  const isWritten = processes && !destinations.some(({ backfill }) => backfill?.topic === name)
  return [...(isWritten ? ['Write' as const] : []), ...(isRead ? ['Read' as const] : [])]
}

function patternItems({ raw }: Config, plan: readonly TopicPlan[]): readonly CheckItem[] {
  if (raw.pattern === undefined || plan.some(({ role }) => role === 'raw')) return []
  return [
    fault(
      'raw topics',
      `no topic matches raw.pattern, ${raw.pattern}, that may be described`,
      'create one, or mend the pattern',
    ),
  ]
}

const allowedSkewMs = 60_000

/** Records of a later time than it is here: somebody's clock is wrong, and ages are counted from it. */
async function futureItems(admin: Admin, plan: readonly TopicPlan[], clock: Clock): Promise<readonly CheckItem[]> {
  const raws = plan.filter(({ role, state }) => role === 'raw' && state !== 'missing')
  const items = raws.map(async ({ name }) => {
    // The ends first: records that arrive in between are then no later than they.
    const ends = await admin.watermarks(name)
    const since = await admin.offsetsSince(name, clock.now() + allowedSkewMs)
    const future = [...ends].some(([partition, { lastStable }]) => (since.get(partition) ?? lastStable) < lastStable)
    const found = `records of ${name} bear a time that is more than 1 minute ahead of the clock of this machine`
    return future ? [warning('clocks', found, 'set the clocks of this machine, the brokers and the producers')] : []
  })
  return (await Promise.all(items.map((item) => item.catch(() => [])))).flat()
}

function groupsOf(
  { kafka: { prefix }, destinations }: Config,
  commands: readonly CheckedCommand[],
  raws: readonly string[],
): readonly GroupOfTopics[] {
  const sinks = commands.includes('sink') ? destinations.filter(({ sink }) => sink !== undefined) : []
  return [
    ...(commands.includes('process') ? [{ group: processGroup(prefix), topics: raws }] : []),
    ...sinks.flatMap(({ name, topic, backfill }) => [
      { group: sinkGroup(prefix, name), topics: [topic] },
      ...(backfill === undefined ? [] : [{ group: sinkGroup(prefix, backfillName(name)), topics: [backfill.topic] }]),
    ]),
  ]
}

async function allGroupItems(
  admin: Admin,
  { plan, denied }: Pick<GroupDeps, 'plan' | 'denied'>,
  check: KafkaCheck,
): Promise<readonly CheckItem[]> {
  const { config, commands, clock, identity } = check
  const raws = plan.flatMap(({ name, role }) => (role === 'raw' ? [name] : []))
  const groups = groupsOf(config, commands, raws.length === 0 ? config.raw.topics : raws)
  const items = groups.map((group) =>
    orFault(`group ${group.group}`, groupItems({ admin, clock, plan, identity, denied }, group)),
  )
  const ids =
    commands.includes('process') && config.delivery === 'exactly-once' ? await idItems(admin, raws, check) : []
  return [...(await Promise.all(items)).flat(), ...ids]
}

async function idItems(
  admin: Admin,
  raws: readonly string[],
  { config, identity }: KafkaCheck,
): Promise<readonly CheckItem[]> {
  const group = processGroup(config.kafka.prefix)
  const name = `transactional ids ${group}.*`
  const log = internalTopics.transactions
  const standings = await admin.standings([log]).catch(() => new Map<string, never>())
  // To ask for a coordinator would make the topic.
  if (!standings.has(log)) return []
  const reached = unlessDenied(admin.reachTransactionalId(`${group}.${raws[0] ?? 'raw'}.0`).then(() => true))
  const items = reached.then((isReached) => [
    isReached === undefined
      ? fault(name, 'may not be used', grantCommand(onTransactionalIds(group), identity))
      : fine(name, 'their coordinator answers'),
  ])
  return orFault(name, items)
}
