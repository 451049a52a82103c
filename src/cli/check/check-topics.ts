// Each topic: is it there, is it as configured, can it be read and written now, and by us? In: the topic plan and what
// Kafka says of each topic. Out: items. Ruled by kafka.md, "Topics".
import { grantCommand, onTopic, type Identity } from '../../kafka/access.ts'
import { counted } from '../../amount-text.ts'
import type { Operation, TopicStanding } from '../../kafka/broker.ts'
import type { Difference } from '../../kafka/topic-differences.ts'
import type { TopicPlan } from '../../kafka/topics.ts'
import { fault, fine, warning, type CheckItem } from './check-item.ts'

/** What the checked commands do with a topic. */
export type Use = 'Read' | 'Write'

export interface TopicUse {
  readonly uses: readonly Use[]
  readonly identity: Identity
}

/** One item for each thing that is amiss with the topic, or one tick. `standing` is undefined where it does not exist. */
export function topicItems(
  plan: TopicPlan,
  standing: TopicStanding | 'denied' | undefined,
  use: TopicUse,
): readonly CheckItem[] {
  const name = `topic ${plan.name}`
  if (standing === 'denied')
    return [fault(name, 'may not even be described', ...grants(plan.name, use.uses, use.identity))]
  if (plan.state === 'missing')
    return [
      fault(
        name,
        `does not exist; it needs ${counted(plan.wanted.partitions, 'partition')}`,
        'trackbridge topics apply',
        plan.command,
      ),
    ]
  const amiss = [
    ...plan.differences.map((difference) => differenceItem(name, difference)),
    ...(standing === undefined
      ? []
      : [...rightItems(name, plan, { standing, use }), ...replicaItems(name, plan, standing)]),
  ]
  if (amiss.length > 0) return amiss
  const rights = use.uses.length === 0 ? '' : `; ${use.uses.join(' and ')} allowed`
  return [
    fine(name, `${counted(standing?.partitions.length ?? plan.wanted.partitions, 'partition')}, as wanted${rights}`),
  ]
}

function differenceItem(name: string, { gravity, what, change, leftBecause, command }: Difference): CheckItem {
  const byHand = command === undefined ? [] : [command]
  const toDo =
    change === undefined
      ? byHand.length > 0
        ? byHand
        : [leftBecause ?? '']
      : ['trackbridge topics apply --alter', ...byHand]
  return gravity === 'wrong' ? fault(name, what, ...toDo) : warning(name, what, ...toDo)
}

const grants = (topic: string, operations: readonly Use[], identity: Identity): readonly string[] =>
  operations.map((operation) => grantCommand(onTopic(operation, topic), identity))

interface Asked {
  readonly standing: TopicStanding
  readonly use: TopicUse
}

function rightItems(name: string, { name: topic }: TopicPlan, { standing, use }: Asked): readonly CheckItem[] {
  const missing = use.uses.filter((operation: Operation) => !standing.operations.has(operation)) as readonly Use[]
  if (missing.length === 0) return []
  const who = use.identity.principal() ?? 'the principal of this connection'
  const found = `${who} may not ${missing.map((operation) => operation.toLowerCase()).join(' or ')} it`
  return [fault(name, found, ...grants(topic, missing, use.identity))]
}

function replicaItems(name: string, plan: TopicPlan, { partitions }: TopicStanding): readonly CheckItem[] {
  const total = counted(partitions.length, 'partition')
  const headless = partitions.filter(({ leader }) => leader < 0).length
  if (headless > 0)
    return [fault(name, `${headless} of ${total} have no leader: nothing can be read or written there`, comeBack)]
  // More copies than there are is a fault of the settings, and told with those.
  const needed = Math.min(
    Number(plan.existing?.settings['min.insync.replicas'] ?? 1),
    ...partitions.map(({ replicas }) => replicas),
  )
  const short = partitions.filter(({ inSync }) => inSync < needed).length
  if (short > 0) {
    const found = `${short} of ${total} have less replicas in sync than min.insync.replicas, ${needed}: they take no records`
    return [plan.role === 'raw' ? warning(name, found, comeBack) : fault(name, found, comeBack)]
  }
  const behind = partitions.filter(({ inSync, replicas }) => inSync < replicas).length
  if (behind > 0) return [warning(name, `${behind} of ${total} have replicas that are not in sync`, comeBack)]
  const fragile = partitions.some(({ replicas }) => replicas > 1 && replicas === needed)
  if (!fragile) return []
  const found = `min.insync.replicas is ${needed}, as many as there are copies: one broker less, and it takes no records`
  return [warning(name, found, `set min.insync.replicas to ${needed - 1}, or add copies`)]
}

const comeBack = 'bring the missing brokers back'
