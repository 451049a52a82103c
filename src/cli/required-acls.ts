// Which rights each command needs of Kafka, with the configured names. In: Config. Out: rows, a list a command. Pure. Found
// by taking each row away in turn from a broker that allows nothing else (test/integration/acl-rows.test.ts); docs/security.md
// shows them.
import { backfillName } from '../config/destination-schema.ts'
import type { Config } from '../config/schema.ts'
import { redriveOwner } from '../dead-letters/partition-owner.ts'
import { onCluster, onGroup, onTopic, onTransactionalIds, type Access } from '../kafka/access.ts'
import { replayGroup } from '../replay/replay-store.ts'
import { sinkGroup } from '../sink/sink.ts'
import { processGroup } from './group-names.ts'

/** The rights of one command, e.g. `{command: 'process', access: [...]}`. */
export interface CommandAccess {
  readonly command: string
  readonly access: readonly Access[]
}

/** In the order in which people need them. `sink` stands once for each destination that has a sink: each may run as a
 *  principal of its own. */
export function requiredAcls(config: Config): readonly CommandAccess[] {
  const topics = [
    ...rawTopics(config),
    ...[...writtenTopics(config), ...backfillTopics(config), config.unsupported.topic].map(
      (name) => ({ name, pattern: 'literal' }) as const,
    ),
  ]
  const keyless = [config.deadLetters.topic, config.unsupported.topic]
  const onAll = (operation: Access['operation']): readonly Access[] => topics.map((topic) => onTopics(operation, topic))
  return [
    { command: 'process', access: processAccess(config) },
    ...sinkAccess(config),
    ...replayAccess(config),
    ...deadLettersAccess(config),
    auditAccess(config),
    { command: 'topics plan', access: [...onAll('Describe'), ...onAll('DescribeConfigs')] },
    { command: 'topics apply', access: [...onAll('Create'), ...onAll('Describe'), ...onAll('DescribeConfigs')] },
    {
      command: 'topics apply --alter',
      access: [
        // AlterConfigs allows DescribeConfigs, and Alter Describe. Only dead letters and unsupported calls are ever given more
        // partitions: the keys of the others would move.
        ...(['Create', 'AlterConfigs'] as const).flatMap(onAll),
        ...topics.filter(({ name }) => !keyless.includes(name)).map((topic) => onTopics('Describe', topic)),
        ...keyless.map((topic) => onTopic('Alter', topic)),
      ],
    },
    ...(config.schemaRegistry === undefined ? [] : [{ command: 'schemas check', access: onAll('Read') }]),
    {
      command: 'check, beside the rights of what it checks',
      access: [...onAll('DescribeConfigs'), onCluster('DescribeConfigs')],
    },
  ]
}

const onTopics = (operation: Access['operation'], topic: TopicNames): Access => ({
  resource: 'Topic',
  operation,
  ...topic,
})

const writtenTopics = ({ destinations, deadLetters }: Config): readonly string[] => [
  ...destinations.map(({ topic }) => topic),
  deadLetters.topic,
]

const backfillTopics = ({ destinations }: Config): readonly string[] =>
  destinations.flatMap(({ backfill }) => backfill?.topic ?? [])

function processAccess(config: Config): readonly Access[] {
  const group = processGroup(config.kafka.prefix)
  const raws = rawTopics(config).map((topic): Access => ({ resource: 'Topic', operation: 'Read', ...topic }))
  const transactions = config.delivery === 'exactly-once' ? [onTransactionalIds(group)] : []
  const written = [...writtenTopics(config), config.unsupported.topic].map((topic) => onTopic('Write', topic))
  return [...raws, onGroup('Read', group), ...transactions, ...written]
}

function sinkAccess({ kafka, destinations, deadLetters }: Config): readonly CommandAccess[] {
  return destinations.flatMap(({ name, topic, sink, backfill }) =>
    sink === undefined
      ? []
      : [
          {
            command: `sink --destination ${name}`,
            access: [
              onTopic('Read', topic),
              onGroup('Read', sinkGroup(kafka.prefix, name)),
              ...(backfill === undefined
                ? []
                : [onTopic('Read', backfill.topic), onGroup('Read', sinkGroup(kafka.prefix, backfillName(name)))]),
              onTopic('Write', deadLetters.topic),
            ],
          },
        ],
  )
}

/** With and without --unsupported. */
function deadLettersAccess(config: Config): readonly CommandAccess[] {
  const { kafka, deadLetters, unsupported } = config
  const both = [deadLetters.topic, unsupported.topic]
  const reads = both.map((topic) => onTopic('Read', topic))
  const ids = onTransactionalIds(redriveOwner(kafka.prefix))
  const targets = [...writtenTopics(config), ...backfillTopics(config), unsupported.topic]
  return [
    { command: 'dead-letters list, show, export', access: reads },
    { command: 'dead-letters redrive', access: [...reads, ids, ...targets.map((topic) => onTopic('Write', topic))] },
    {
      command: 'dead-letters forget',
      access: [
        ...reads,
        ids,
        ...both.map((topic) => onTopic('Write', topic)),
        ...both.map((topic) => onTopic('DescribeConfigs', topic)),
      ],
    },
  ]
}

/** Everything is read, --find included; of groups only how far they are. */
function auditAccess(config: Config): CommandAccess {
  const { kafka, destinations, unsupported } = config
  const raws = rawTopics(config).map((topic): Access => ({ resource: 'Topic', operation: 'Read', ...topic }))
  const others = [...writtenTopics(config), ...backfillTopics(config), unsupported.topic]
  const lanes = destinations.flatMap(({ name, sink, backfill }) =>
    sink === undefined ? [] : [name, ...(backfill === undefined ? [] : [backfillName(name)])],
  )
  const groups = [processGroup(kafka.prefix), ...lanes.map((lane) => sinkGroup(kafka.prefix, lane))]
  return {
    command: 'audit',
    access: [
      ...raws,
      ...others.map((topic) => onTopic('Read', topic)),
      ...groups.map((group) => onGroup('Describe', group)),
    ],
  }
}

/** Of all replays, whatever their names. What --pause-when-lag-above asks of live groups is among it. */
function replayAccess(config: Config): readonly CommandAccess[] {
  const { kafka, destinations, deadLetters, unsupported, delivery } = config
  const groups = replayGroup(kafka.prefix, '')
  const own: Access = { resource: 'Group', operation: 'Read', name: groups, pattern: 'prefixed' }
  const targets = destinations.map(({ topic, backfill }) => backfill?.topic ?? topic)
  const liveSinks = destinations.filter(({ sink, backfill }) => sink !== undefined && backfill === undefined)
  const raws = rawTopics(config).map((topic): Access => ({ resource: 'Topic', operation: 'Read', ...topic }))
  return [
    {
      command: 'replay --stage translate',
      access: [
        ...raws,
        own,
        ...(delivery === 'exactly-once' ? [onTransactionalIds(groups.slice(0, -1))] : []),
        ...[...targets, deadLetters.topic, unsupported.topic].map((topic) => onTopic('Write', topic)),
        onGroup('Describe', processGroup(kafka.prefix)),
        ...liveSinks.map(({ name }) => onGroup('Describe', sinkGroup(kafka.prefix, name))),
      ],
    },
    ...destinations.flatMap(({ name, topic, sink }) =>
      sink === undefined
        ? []
        : [
            {
              command: `replay --stage forward --destination ${name}`,
              access: [
                onTopic('Read', topic),
                own,
                onTopic('Write', deadLetters.topic),
                onGroup('Describe', sinkGroup(kafka.prefix, name)),
              ],
            },
          ],
    ),
    { command: 'replay --dry-run', access: raws },
    { command: 'replay --diff', access: [...raws, ...destinations.map(({ topic }) => onTopic('Read', topic))] },
  ]
}

type TopicNames = Pick<Access, 'name' | 'pattern'>

/** Of a pattern its literal beginning, for ACLs know prefixes only: `track\..*` gives all topics that begin with `track.`;
 *  without such a beginning, all topics. */
function rawTopics({ raw }: Config): readonly TopicNames[] {
  if (raw.pattern === undefined) return raw.topics.map((name) => ({ name, pattern: 'literal' }))
  const prefix = literalPrefix(raw.pattern)
  return [prefix === '' ? { name: '*', pattern: 'literal' } : { name: prefix, pattern: 'prefixed' }]
}

function literalPrefix(pattern: string): string {
  if (pattern.includes('|')) return ''
  const [, literal = ''] = /^\^?((?:\\[.\-_]|[\w-](?![*?{]))*)/.exec(pattern) ?? []
  return literal.replaceAll('\\', '')
}
