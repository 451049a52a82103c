// One topic that exists, held against what is wanted of it. In: a wish, what Kafka says. Out: each difference, with what
// it leads to and whether `topics apply --alter` may mend it. Pure. Ruled by kafka.md, "Topics".
//
// May be altered: what loses no record, breaks no order and takes no promise from anybody. Everything else is left to
// whoever knows the other users of the topic, with the command that would do it.
import { accessText, grantCommand, onTopic, principalText, type Access, type Identity } from './access.ts'
import type { TopicInfo } from './broker.ts'
import { counted, durationText, grouped } from '../amount-text.ts'
import { judgeChange } from './topic-changes.ts'
import type { WantedTopic } from './wanted-topics.ts'

/** What `apply --alter` does: `{partitions: 8}` or `{setting: 'retention.ms', value: '-1'}`. */
export type Change = { readonly partitions: number } | { readonly setting: string; readonly value: string }

export interface Difference {
  /** `partitions`, `replication factor`, or Kafka's name of a setting. */
  readonly subject: string
  /** For people: `604800000 (7 days)`. */
  readonly is: string
  readonly wanted: string
  /** `wrong`: it cannot work. `warning`: records may be lost or refused. `difference`: not as configured, no more. */
  readonly gravity: 'wrong' | 'warning' | 'difference'
  /** What was found and what it leads to, after the name of the topic: `is compacted: Kafka keeps only ...`. */
  readonly what: string
  /** Undefined: left to whoever runs the command, for the reason in `leftBecause`. */
  readonly change: Change | undefined
  readonly leftBecause: string | undefined
  /** Changes it by hand; undefined where there is no single command. */
  readonly command: string | undefined
}

export interface Among {
  /** The raw topics that exist. */
  readonly raws: readonly TopicInfo[]
  /** For the commands that are told. */
  readonly identity: Identity
  /** Which right is asked for where the settings may not be read; AlterConfigs is one to read them as well. */
  readonly toRead?: 'DescribeConfigs' | 'AlterConfigs'
}

/** Every difference, the gravest first. */
export function topicDifferences(
  wanted: WantedTopic,
  info: TopicInfo,
  { raws, identity, toRead = 'DescribeConfigs' }: Among,
): readonly Difference[] {
  const { tool } = identity
  const found = [
    ...partitionDifferences(wanted, info, tool),
    ...copyDifferences(wanted, info),
    ...(Object.keys(info.settings).length === 0
      ? [unreadable(onTopic(toRead, info.name), identity)]
      : [...dangers(wanted, info, { raws, tool }), ...settingDifferences(wanted, info, tool)]),
  ]
  // A danger says more than the mere difference of the same setting.
  const said = found.filter((one, index) => found.findIndex(({ subject }) => subject === one.subject) === index)
  return said.toSorted((a, b) => gravities.indexOf(a.gravity) - gravities.indexOf(b.gravity))
}

const gravities: readonly Difference['gravity'][] = ['wrong', 'warning', 'difference']

function unreadable(right: Access, identity: Identity): Difference {
  const denied = `${accessText(right)} is denied to ${principalText(identity)}`
  return {
    subject: 'settings',
    is: 'may not be read',
    wanted: 'readable',
    gravity: 'warning',
    what: `its settings may not be read, and retention is unchecked: ${denied}`,
    change: undefined,
    leftBecause: 'rights are given by whoever administers the cluster',
    command: grantCommand(right, identity),
  }
}

function partitionDifferences(wanted: WantedTopic, info: TopicInfo, tool: string): readonly Difference[] {
  const { name, role, partitions, leastPartitions, leastBecauseOf, partitionsAreConfigured } = wanted
  const command = `kafka-topics.sh ${tool} --alter --topic ${name} --partitions ${partitions}`
  const base = { subject: 'partitions', is: String(info.partitions), wanted: String(partitions) }
  const has = `has ${counted(info.partitions, 'partition')}`
  if (info.partitions < leastPartitions) {
    const what = `${has}, but ${leastBecauseOf} has ${leastPartitions} and partitioning is source`
    const leftBecause = 'consumers of your own may count on the partitions of today: add them when those know'
    return [{ ...base, gravity: 'wrong', what, change: undefined, leftBecause, command }]
  }
  if (!partitionsAreConfigured || info.partitions === partitions) return []
  const what = `${has}, but ${partitions} are configured`
  const rest = { ...base, gravity: 'difference', what } as const
  if (info.partitions > partitions)
    return [{ ...rest, change: undefined, leftBecause: 'Kafka takes no partitions away', command: undefined }]
  if (role === 'raw' || role === 'destination')
    return [{ ...rest, change: undefined, leftBecause: orderWouldBreak, command }]
  return [{ ...rest, change: { partitions }, leftBecause: undefined, command }]
}

const orderWouldBreak =
  'a key may then belong to another partition than its older records, which breaks the order of whoever is behind'

function copyDifferences({ replicationFactor }: WantedTopic, info: TopicInfo): readonly Difference[] {
  if (replicationFactor === -1 || info.replicationFactor === replicationFactor) return []
  return [
    {
      subject: 'replication factor',
      is: String(info.replicationFactor),
      wanted: String(replicationFactor),
      gravity: 'difference',
      what: `has ${info.replicationFactor === 1 ? '1 copy' : `${info.replicationFactor} copies`} of each partition, but ${replicationFactor} are configured`,
      change: undefined,
      leftBecause:
        'it moves data between brokers; kafka-reassign-partitions.sh does that, from a plan of which broker gets what',
      command: undefined,
    },
  ]
}

interface Around {
  readonly raws: readonly TopicInfo[]
  readonly tool: string
}

function dangers(wanted: WantedTopic, info: TopicInfo, { raws, tool }: Around): readonly Difference[] {
  const differ = (subject: string, value: string, found: Pick<Difference, 'gravity' | 'what'>): Difference =>
    settingDifference(wanted, info, { subject, value, tool, ...found })
  return [
    ...compaction(wanted, info).map((what) => differ('cleanup.policy', 'delete', { gravity: 'warning', what })),
    ...oldTime(wanted, info).map((what) =>
      differ('message.timestamp.type', 'LogAppendTime', { gravity: 'warning', what }),
    ),
    ...tooFewCopies(wanted, info).map(({ most, ...found }) => differ('min.insync.replicas', String(most), found)),
    ...narrower(wanted, info, raws).map(({ bytes, what }) =>
      differ('max.message.bytes', String(bytes), { gravity: 'warning', what }),
    ),
  ]
}

const policiesOf = (info: TopicInfo) =>
  (info.settings['cleanup.policy'] ?? 'delete').split(',').map((one) => one.trim())

function compaction({ settings }: WantedTopic, info: TopicInfo): readonly string[] {
  const asked = settings['cleanup.policy']?.includes('compact') ?? false
  return !asked && policiesOf(info).includes('compact')
    ? ['is compacted: Kafka keeps only the last record of each key']
    : []
}

function oldTime({ role }: WantedTopic, info: TopicInfo): readonly string[] {
  const keepsOldTime = (info.settings['message.timestamp.type'] ?? 'CreateTime') === 'CreateTime'
  const retention = info.settings['retention.ms']
  if (role === 'raw' || !keepsOldTime || !policiesOf(info).includes('delete') || retention === '-1') return []
  const known =
    retention === undefined ? 'a retention that is not known' : `a retention of ${durationText(Number(retention))}`
  return [`has CreateTime and ${known}: replayed records older than that are deleted within minutes`]
}

function tooFewCopies({ role }: WantedTopic, { settings, replicationFactor }: TopicInfo) {
  const inSync = Number(settings['min.insync.replicas'] ?? 0)
  if (inSync <= replicationFactor) return []
  const copies = replicationFactor === 1 ? '1 copy' : `${replicationFactor} copies`
  const what = `wants ${inSync} replicas in sync, but has ${copies} of each partition: Kafka refuses every record with acks=all`
  return [{ gravity: role === 'raw' ? 'warning' : 'wrong', what, most: replicationFactor } as const]
}

const narrowerMeans: Readonly<Record<WantedTopic['role'], string>> = {
  raw: '',
  destination: 'messages of the largest raw records become dead letters',
  'dead-letters': 'the largest raw records cannot become dead letters, and stop their partition',
  unsupported: 'the largest raw records cannot be told as unsupported, and become dead letters',
}

function narrower({ role }: WantedTopic, info: TopicInfo, raws: readonly TopicInfo[]) {
  const own = Number(info.settings['max.message.bytes'] ?? Number.NaN)
  const bytes = Math.max(0, ...raws.map(({ settings }) => Number(settings['max.message.bytes'] ?? 0)))
  if (role === 'raw' || !(own < bytes)) return []
  return [
    { bytes, what: `takes batches of ${grouped(own)} bytes, the raw topic ${grouped(bytes)}: ${narrowerMeans[role]}` },
  ]
}

function settingDifferences(wanted: WantedTopic, info: TopicInfo, tool: string): readonly Difference[] {
  return Object.entries(wanted.settings).flatMap(([subject, value]) => {
    const is = info.settings[subject]
    // With endless retention the kind of timestamp loses nothing.
    const harmless = subject === 'message.timestamp.type' && value === 'LogAppendTime'
    if (is === undefined || is === value || harmless) return []
    const what = `has ${subject} ${settingText(subject, is)}, but ${settingText(subject, value)} is configured`
    return [settingDifference(wanted, info, { subject, value, tool, gravity: 'difference', what })]
  })
}

interface Found extends Pick<Difference, 'subject' | 'gravity' | 'what'> {
  readonly value: string
  readonly tool: string
}

function settingDifference(wanted: WantedTopic, info: TopicInfo, found: Found): Difference {
  const { subject, gravity, what, tool } = found
  const configured = wanted.settings[subject]
  // What is configured mends it better, where that mends it at all.
  const value =
    subject === 'max.message.bytes' && Number(configured) > Number(found.value) ? String(configured) : found.value
  const is = info.settings[subject]
  const leftBecause =
    subject === 'message.timestamp.type' && configured === 'CreateTime'
      ? 'topics.timestampType is CreateTime'
      : judgeChange(subject, { is, value, copies: info.replicationFactor })
  return {
    subject,
    gravity,
    what,
    leftBecause,
    is: is === undefined ? 'not known' : settingText(subject, is),
    wanted: settingText(subject, value),
    change: leftBecause === undefined ? { setting: subject, value } : undefined,
    command: `kafka-configs.sh ${tool} --alter --entity-type topics --entity-name ${wanted.name} --add-config ${subject}=${value.includes(',') ? `[${value}]` : value}`,
  }
}

/** `604800000 (7 days)` for what counts milliseconds, else the value. */
export function settingText(setting: string, value: string): string {
  if (!setting.endsWith('.ms')) return value
  return value === '-1' ? '-1 (for ever)' : `${value} (${durationText(Number(value))})`
}
