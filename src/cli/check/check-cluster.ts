// The cluster as a whole: brokers and their releases, limits that our settings must keep to, the topics that Kafka keeps
// groups and transactions in. In: what the brokers say. Out: items. Ruled by kafka.md and product.md, "Commands".
import type { Config } from '../../config/schema.ts'
import { accessText, grantCommand, onCluster, principalText, type Identity } from '../../kafka/access.ts'
import { counted, durationText } from '../../amount-text.ts'
import type { ClusterInfo, Inspector, TopicStanding } from '../../kafka/broker.ts'
import { fault, fine, warning, type CheckItem } from './check-item.ts'

const settingNames = [
  'transaction.max.timeout.ms',
  'group.min.session.timeout.ms',
  'group.max.session.timeout.ms',
  'transaction.state.log.replication.factor',
  'transaction.state.log.min.isr',
  'offsets.topic.replication.factor',
] as const

type SettingName = (typeof settingNames)[number]

/** Kafka's own topics of groups and transactions. */
export const internalTopics = { groups: '__consumer_offsets', transactions: '__transaction_state' } as const

/** `identity`: for the commands that are told. Rejects with TB_KAFKA_*. */
export async function clusterItems(
  inspector: Inspector,
  config: Config,
  identity: Identity,
): Promise<readonly CheckItem[]> {
  const { kafka, delivery } = config
  const [info, standings] = await Promise.all([
    inspector.cluster(settingNames),
    inspector.standings(Object.values(internalTopics)),
  ])
  const of = settingReader(info)
  const isTransactional = delivery === 'exactly-once'
  const groupLog = {
    what: 'groups',
    topic: internalTopics.groups,
    copies: of('offsets.topic.replication.factor'),
    inSync: 1,
  }
  const transactionLog = {
    what: 'transactions',
    topic: internalTopics.transactions,
    copies: of('transaction.state.log.replication.factor'),
    inSync: of('transaction.state.log.min.isr') ?? 1,
  }
  return [
    brokerItem(info),
    ...readableItems(info, identity),
    ...sessionItems(kafka.sessionTimeoutMs, of),
    ...(isTransactional ? transactionItems(kafka.transactionTimeoutMs, of, info) : []),
    ...[groupLog, ...(isTransactional ? [transactionLog] : [])].flatMap((log) =>
      internalItems(log, standings.get(log.topic), info.brokers.length),
    ),
  ]
}

type Reader = (name: SettingName) => number | undefined

// Brokers may differ; the narrowest counts, which for all but one of these is the least.
function settingReader({ brokers }: ClusterInfo): Reader {
  return (name) => {
    const values = brokers.flatMap(({ settings }) => (settings[name] === undefined ? [] : [Number(settings[name])]))
    if (values.length === 0) return undefined
    return name === 'group.min.session.timeout.ms' ? Math.max(...values) : Math.min(...values)
  }
}

function brokerItem({ brokers }: ClusterInfo): CheckItem {
  const releases = [...new Set(brokers.map(({ release }) => release))]
  const count = counted(brokers.length, 'broker')
  if (releases.length > 1) {
    const each = brokers.map(({ address, release }) => `${address} ${release ?? 'an unknown release'}`)
    return warning('brokers', `${count} of different releases: ${each.join(', ')}`, 'finish the upgrade')
  }
  const [release] = releases
  return fine(
    'brokers',
    `${count}, ${release === undefined ? 'of a release that they do not tell' : `Kafka ${release}`}`,
  )
}

function readableItems({ brokers }: ClusterInfo, identity: Identity): readonly CheckItem[] {
  if (brokers.some(({ settings }) => Object.keys(settings).length > 0)) return []
  const right = onCluster('DescribeConfigs')
  const found =
    'may not be read, and limits of time-outs and copies are unchecked: ' +
    `${accessText(right)} is denied to ${principalText(identity)}`
  return [warning('broker settings', found, grantCommand(right, identity))]
}

function sessionItems(sessionMs: number, of: Reader): readonly CheckItem[] {
  const name = 'session time-out'
  const [least, most] = [of('group.min.session.timeout.ms'), of('group.max.session.timeout.ms')]
  const ours = `kafka.sessionTimeoutMs is ${durationText(sessionMs)}`
  if (most !== undefined && sessionMs > most) {
    const found = `${ours}, but the brokers' group.max.session.timeout.ms is ${durationText(most)}: no member can join a group`
    return [fault(name, found, `set kafka.sessionTimeoutMs to ${most} or less, or raise the brokers' setting`)]
  }
  if (least !== undefined && sessionMs < least) {
    const found = `${ours}, but the brokers' group.min.session.timeout.ms is ${durationText(least)}: no member can join a group`
    return [fault(name, found, `set kafka.sessionTimeoutMs to ${least} or more, or lower the brokers' setting`)]
  }
  return least === undefined || most === undefined ? [] : [fine(name, `${ours}; the brokers allow it`)]
}

function transactionItems(ourMs: number, of: Reader, { features }: ClusterInfo): readonly CheckItem[] {
  const name = 'transactions'
  const most = of('transaction.max.timeout.ms')
  if (most === undefined) return []
  const ours = `kafka.transactionTimeoutMs is ${durationText(ourMs)}`
  if (ourMs > most) {
    const found = `${ours}, but the brokers' transaction.max.timeout.ms is ${durationText(most)}: no transaction can begin`
    return [fault(name, found, `set kafka.transactionTimeoutMs to ${most} or less, or raise the brokers' setting`)]
  }
  const protocol = (features['transaction.version'] ?? 0) >= 2 ? 'newer' : 'older'
  return [fine(name, `${ours}; the brokers allow it and have enabled the ${protocol} protocol`)]
}

interface InternalLog {
  readonly what: string
  readonly topic: string
  /** That it is made with. */
  readonly copies: number | undefined
  /** Replicas that must be in sync for it to take anything. */
  readonly inSync: number
}

function internalItems(
  { what, topic, copies, inSync }: InternalLog,
  standing: TopicStanding | 'denied' | undefined,
  brokers: number,
): readonly CheckItem[] {
  const name = `topic ${topic}`
  if (standing === undefined) {
    if (copies === undefined || copies <= brokers) return []
    const found = `is not there yet, and needs ${copies} brokers, of which there ${brokers === 1 ? 'is' : 'are'} ${brokers}: no ${what} can begin`
    return [fault(name, found, 'start more brokers, or lower its replication.factor in the settings of the brokers')]
  }
  // To describe it is no right that we need.
  if (standing === 'denied') return []
  const stuck = standing.partitions.filter(({ leader, inSync: now }) => leader < 0 || now < inSync).length
  if (stuck === 0) return [fine(name, `${counted(standing.partitions.length, 'partition')}, all of which take ${what}`)]
  const found = `${stuck} of ${counted(standing.partitions.length, 'partition')} have no leader or less than ${counted(inSync, 'replica')} in sync: ${what} in them wait`
  return [fault(name, found, 'bring the missing brokers back')]
}
