// What `trackbridge check` finds out, without side effects. In: Config, a broker, a probe of the API. Out: sections of
// items, each ok, warning, failed or skipped. Ruled by product.md, "Commands".
import type { Clock } from '../clock.ts'
import type { Config } from '../config/schema.ts'
import { grantCommand, onTransactionalIds, type Identity } from '../kafka/access.ts'
import type { Admin, Broker } from '../kafka/broker.ts'
import { within } from '../kafka/deadline.ts'
import { readTopicPlan, type TopicPlan } from '../kafka/topics.ts'
import { wantedTopics } from '../kafka/wanted-topics.ts'
import { sinkGroup } from '../sink/sink.ts'
import { clusterItems, internalTopics } from './check-cluster.ts'
import { groupItems, type GroupOfTopics } from './check-groups.ts'
import { fault, fine, messageOf, orFault, skipped, warning, type CheckItem, type CheckSection } from './check-item.ts'
import { topicItems, type Use } from './check-topics.ts'
import { processGroup } from './group-names.ts'

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
    const cluster = await orFault('brokers', clusterItems(admin, check.config))
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
  const { config, commands } = check
  const plan = await readTopicPlan(admin, config).catch(messageOf)
  if (typeof plan === 'string') {
    const topics = wantedTopics(config).map(({ name }) => fault(`topic ${name}`, plan))
    return [section('Topics', topics), section('Groups', await allGroupItems(admin, [], check))]
  }
  const used = plan.filter((topic) => usesOf(config, topic, commands).length > 0)
  const standings = await admin.standings(used.map(({ name }) => name)).catch(messageOf)
  const known = typeof standings === 'string' ? new Map<string, never>() : standings
  const topics = used.flatMap((topic) =>
    topicItems(topic, known.get(topic.name), {
      uses: typeof standings === 'string' ? [] : usesOf(config, topic, commands),
      identity: check.identity,
    }),
  )
  const beside = [
    ...(typeof standings === 'string' ? [fault('topics', standings)] : []),
    ...patternItems(config, plan),
    ...(await futureItems(admin, used, check.clock)),
  ]
  return [section('Topics', [...topics, ...beside]), section('Groups', await allGroupItems(admin, used, check))]
}

function usesOf(
  { destinations }: Config,
  { name, role }: Pick<TopicPlan, 'name' | 'role'>,
  commands: readonly CheckedCommand[],
): readonly Use[] {
  const processes = commands.includes('process')
  const forwarded = commands.includes('sink') ? destinations.filter(({ sink }) => sink !== undefined) : []
  switch (role) {
    case 'raw':
      return processes ? ['Read'] : []
    case 'destination':
      return [
        ...(processes ? ['Write' as const] : []),
        ...(forwarded.some(({ topic }) => topic === name) ? ['Read' as const] : []),
      ]
    case 'dead-letters':
      return processes || forwarded.length > 0 ? ['Write'] : []
    case 'unsupported':
      return processes ? ['Write'] : []
  }
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
    ...sinks.map(({ name, topic }) => ({ group: sinkGroup(prefix, name), topics: [topic] })),
  ]
}

async function allGroupItems(
  admin: Admin,
  plan: readonly TopicPlan[],
  check: KafkaCheck,
): Promise<readonly CheckItem[]> {
  const { config, commands, clock, identity } = check
  const raws = plan.flatMap(({ name, role }) => (role === 'raw' ? [name] : []))
  const groups = groupsOf(config, commands, raws.length === 0 ? config.raw.topics : raws)
  const items = groups.map((group) =>
    orFault(`group ${group.group}`, groupItems({ admin, clock, plan, identity }, group)),
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
  try {
    await admin.reachTransactionalId(`${group}.${raws[0] ?? 'raw'}.0`)
    return [fine(name, 'their coordinator answers')]
  } catch (error) {
    return [fault(name, messageOf(error), grantCommand(onTransactionalIds(group), identity))]
  }
}
