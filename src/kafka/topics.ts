// The topics a configuration wants, compared with those that exist. In: Config, what Kafka says of the topics. Out: a plan
// with a state for each, and the command that would create it. Pure but for readTopicPlan, applyTopics and alterTopics.
// Existing topics are only altered by alterTopics, and only where topic-changes.ts allows it. Ruled by kafka.md, "Topics".
import { TrackbridgeError } from '../errors.ts'
import type { Identity } from './access.ts'
import { counted } from '../amount-text.ts'
import type { Admin, TopicInfo, TopicSpec } from './broker.ts'
import { topicDifferences, type Among, type Difference } from './topic-differences.ts'
import { rawTopicNames, wantedTopics, type TopicRole, type TopicsConfig, type WantedTopic } from './wanted-topics.ts'

/** `differs`: not as configured, no more. `warning`: it works, but records may be lost that nobody expects to lose.
 *  `wrong`: it cannot work. */
type TopicState = 'ok' | 'missing' | 'differs' | 'warning' | 'wrong'

export interface TopicPlan {
  readonly name: string
  readonly role: TopicRole
  readonly state: TopicState
  readonly differences: readonly Difference[]
  /** What is amiss and how to mend it, a sentence each; empty when all is well. */
  readonly details: readonly string[]
  /** The command that would create it, e.g. `kafka-topics.sh --bootstrap-server a:9092 --create --topic t ...`. */
  readonly command: string
  readonly wanted: WantedTopic
  /** What there is; undefined where it is missing. */
  readonly existing: TopicInfo | undefined
}

/** Compares. Same order as `wanted`. `identity` and `toRead`: as in topicDifferences. */
export function planTopics(
  wanted: readonly WantedTopic[],
  existing: ReadonlyMap<string, TopicInfo>,
  identity: Identity,
  toRead?: Among['toRead'],
): readonly TopicPlan[] {
  const raws = wanted.flatMap(({ name, role }) => (role === 'raw' ? (existing.get(name) ?? []) : []))
  return wanted.map((topic) => {
    const plan = {
      name: topic.name,
      role: topic.role,
      command: createCommand(topic, identity.tool),
      wanted: topic,
    }
    const info = existing.get(topic.name)
    if (info === undefined)
      return { ...plan, state: 'missing', differences: [], details: ['does not exist'], existing: undefined }
    const differences = topicDifferences(topic, info, { raws, identity, ...(toRead && { toRead }) })
    return { ...plan, state: stateOf(differences), differences, details: differences.map(detailOf), existing: info }
  })
}

function createCommand({ name, partitions, replicationFactor, settings }: TopicSpec, tool: string): string {
  const copies = replicationFactor === -1 ? '' : ` --replication-factor ${replicationFactor}`
  const configs = Object.entries(settings).map(
    ([key, value]) => ` --config ${key}=${value.includes(',') ? `[${value}]` : value}`,
  )
  return `kafka-topics.sh ${tool} --create --topic ${name} --partitions ${partitions}${copies}${configs.join('')}`
}

function stateOf(differences: readonly Difference[]): TopicState {
  const [gravest] = differences
  if (gravest === undefined) return 'ok'
  return gravest.gravity === 'difference' ? 'differs' : gravest.gravity
}

const detailOf = ({ what, command }: Difference): string =>
  command === undefined ? what : `${what}; mend it with: ${command}`

/** The plan of a configuration against the cluster. Rejects as `Admin.topics` does. */
export async function readTopicPlan(
  admin: Pick<Admin, 'topics' | 'topicsMatching'>,
  config: TopicsConfig,
  identity: Identity,
  toRead?: Among['toRead'],
): Promise<readonly TopicPlan[]> {
  const raws = await rawTopicNames(admin, config)
  const existing = await admin.topics(wantedTopics(config, new Map(), raws).map(({ name }) => name))
  return planTopics(wantedTopics(config, existing, raws), existing, identity, toRead)
}

/** Creates the missing topics of a plan, no others; resolves with their names. Rejects as `Admin.createTopics` does. */
export async function applyTopics(
  admin: Pick<Admin, 'createTopics'>,
  plan: readonly TopicPlan[],
): Promise<readonly string[]> {
  const missing = plan.filter(({ state }) => state === 'missing')
  const specs = missing.map(({ wanted: { name, partitions, replicationFactor, settings } }) => ({
    name,
    partitions,
    replicationFactor,
    settings,
  }))
  if (specs.length > 0) await admin.createTopics(specs)
  return specs.map(({ name }) => name)
}

/** Makes the changes of a plan that lose nothing, topic by topic; resolves with what was changed. Rejects as
 *  `Admin.alterTopic` does, with the topics before it changed. */
export async function alterTopics(
  admin: Pick<Admin, 'alterTopic'>,
  plan: readonly TopicPlan[],
): Promise<ReadonlyMap<string, readonly Difference[]>> {
  const altered = new Map<string, readonly Difference[]>()
  for (const { name, differences } of plan) {
    const changes = differences.flatMap(({ change }) => change ?? [])
    if (changes.length === 0) continue
    const settings = changes.flatMap((change) => ('setting' in change ? [[change.setting, change.value]] : []))
    const partitions = changes.flatMap((change) => ('partitions' in change ? [change.partitions] : []))[0]
    await admin.alterTopic(name, { settings: Object.fromEntries(settings), ...(partitions ? { partitions } : {}) })
    altered.set(
      name,
      differences.filter(({ change }) => change !== undefined),
    )
  }
  return altered
}

/** For engines, at their start: throws TB_TOPIC_MISSING with every topic that is missing or wrong and what to do. */
export function requireTopics(plan: readonly TopicPlan[]): void {
  const faulty = plan.filter(({ state }) => state === 'missing' || state === 'wrong')
  if (faulty.length === 0) return
  const lines = faulty.map(({ name, state, differences, command }) => {
    if (state === 'missing') return `  ${name} does not exist; create it with: ${command}`
    return `  ${name} ${differences
      .filter(({ gravity }) => gravity === 'wrong')
      .map(detailOf)
      .join('; ')}`
  })
  const missing = faulty.some(({ state }) => state === 'missing')
  const all = missing ? ['  or create the missing ones with: trackbridge topics apply'] : []
  const heading = `${counted(faulty.length, 'topic')} cannot be used`
  throw new TrackbridgeError('TB_TOPIC_MISSING', [heading, ...lines, ...all].join('\n'))
}
