// Which rights each command needs of Kafka, with the configured names. In: Config. Out: rows, a list a command. Pure. Found
// by taking each row away in turn from a broker that allows nothing else (test/integration/acl-rows.test.ts); docs/security.md
// shows them.
import type { Config } from '../config/schema.ts'
import { onGroup, onTopic, onTransactionalIds, type Access } from '../kafka/access.ts'
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
    ...[...writtenTopics(config), config.unsupported.topic].map((name) => ({ name, pattern: 'literal' }) as const),
  ]
  const onAll = (operation: Access['operation']): readonly Access[] =>
    topics.map((topic) => ({ resource: 'Topic', operation, ...topic }))
  return [
    { command: 'process', access: processAccess(config) },
    ...sinkAccess(config),
    { command: 'topics plan', access: [...onAll('Describe'), ...onAll('DescribeConfigs')] },
    { command: 'topics apply', access: [...onAll('Create'), ...onAll('Describe'), ...onAll('DescribeConfigs')] },
    {
      command: 'topics apply --alter',
      access: (['Create', 'Describe', 'DescribeConfigs', 'Alter', 'AlterConfigs'] as const).flatMap(onAll),
    },
    { command: 'check, beside the rights of what it checks', access: onAll('DescribeConfigs') },
  ]
}

const writtenTopics = ({ destinations, deadLetters }: Config): readonly string[] => [
  ...destinations.map(({ topic }) => topic),
  deadLetters.topic,
]

function processAccess(config: Config): readonly Access[] {
  const group = processGroup(config.kafka.prefix)
  const raws = rawTopics(config).map((topic): Access => ({ resource: 'Topic', operation: 'Read', ...topic }))
  const transactions = config.delivery === 'exactly-once' ? [onTransactionalIds(group)] : []
  const written = [...writtenTopics(config), config.unsupported.topic].map((topic) => onTopic('Write', topic))
  return [...raws, onGroup('Read', group), ...transactions, ...written]
}

function sinkAccess({ kafka, destinations, deadLetters }: Config): readonly CommandAccess[] {
  return destinations.flatMap(({ name, topic, sink }) =>
    sink === undefined
      ? []
      : [
          {
            command: `sink --destination ${name}`,
            access: [
              onTopic('Read', topic),
              onGroup('Read', sinkGroup(kafka.prefix, name)),
              onTopic('Write', deadLetters.topic),
            ],
          },
        ],
  )
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
