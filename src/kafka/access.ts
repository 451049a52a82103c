// PURE: what Kafka's authorizer is asked for, in words and as commands of kafka-acls.sh. In: a resource and an operation.
// Out: text. docs/security.md lists which command of trackbridge needs which.
import type { Operation } from './broker.ts'

/** One right, e.g. `{resource: 'Topic', name: 'cio.track.raw', pattern: 'literal', operation: 'Read'}`. */
export interface Access {
  readonly resource: 'Topic' | 'Group' | 'TransactionalId' | 'Cluster'
  readonly name: string
  /** prefixed: for all names that begin with `name`. */
  readonly pattern: 'literal' | 'prefixed'
  readonly operation: Operation
}

/** Who asks, and how an administrator would reach the cluster. */
export interface Identity {
  /** As the brokers see us by the configuration, e.g. `User:alice`; undefined where that is not known. */
  readonly principal: () => string | undefined
  /** Options of Kafka's tools: `--bootstrap-server kafka:9092 --command-config admin.properties`. */
  readonly tool: string
}

export const onTopic = (operation: Operation, name: string): Access => ({
  resource: 'Topic',
  name,
  pattern: 'literal',
  operation,
})

export const onGroup = (operation: Operation, name: string): Access => ({
  resource: 'Group',
  name,
  pattern: 'literal',
  operation,
})

/** On the cluster as a whole. */
export const onCluster = (operation: Operation): Access => ({
  resource: 'Cluster',
  // As Kafka's authorizer names the only one that there is.
  name: 'kafka-cluster',
  pattern: 'literal',
  operation,
})

/** Our transactional ids are `<group>.<topic>.<partition>`: all those of one group. */
export const onTransactionalIds = (group: string): Access => ({
  resource: 'TransactionalId',
  name: `${group}.`,
  pattern: 'prefixed',
  operation: 'Write',
})

const allowing: Readonly<Partial<Record<Operation, readonly Operation[]>>> = {
  Describe: ['Read', 'Write', 'Delete', 'Alter'],
  DescribeConfigs: ['AlterConfigs'],
}

/** Whether whoever has the right to one operation may do another one, as Kafka's authorizer sees it. */
export const allows = (granted: Operation, asked: Operation): boolean =>
  granted === asked || (allowing[asked]?.includes(granted) ?? false)

const nouns = { Topic: 'topic', Group: 'group', TransactionalId: 'transactional id' } as const
const options = { Topic: '--topic', Group: '--group', TransactionalId: '--transactional-id' } as const

/** e.g. `Read on the topic "cio.track.raw"`, `Write on the transactional ids that begin with "trackbridge.process."`. */
export function accessText({ resource, name, pattern, operation }: Access): string {
  if (resource === 'Cluster') return `${operation} on the cluster`
  const noun = nouns[resource]
  return pattern === 'prefixed'
    ? `${operation} on the ${noun}s that begin with "${name}"`
    : `${operation} on the ${noun} "${name}"`
}

/** The command that grants one right, e.g. `kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal
 *  User:alice --operation Read --topic cio.track.raw`. An unknown principal is `User:NAME`, to be filled in. */
export function grantCommand({ resource, name, pattern, operation }: Access, identity: Identity): string {
  const principal = identity.principal() ?? 'User:NAME'
  const shape = pattern === 'prefixed' ? ' --resource-pattern-type prefixed' : ''
  return (
    `kafka-acls.sh ${identity.tool} --add --allow-principal ${quoted(principal)} --operation ${operation} ` +
    (resource === 'Cluster' ? '--cluster' : `${options[resource]} ${quoted(name)}${shape}`)
  )
}

// Principals of certificates hold blanks and more; names of Kafka's own need no quotes.
function quoted(text: string): string {
  return /^[\w.,:=@/+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** Options that reach the cluster: its brokers, and a file of an administrator's own where it is secured. */
export function adminTool({ brokers, isSecured }: { brokers: readonly string[]; isSecured: boolean }): string {
  return `--bootstrap-server ${brokers.join(',')}${isSecured ? ' --command-config admin.properties' : ''}`
}

/** e.g. `User:alice (as configured)`. */
export function principalText(identity: Identity): string {
  const principal = identity.principal()
  return principal === undefined ? 'the principal of this connection' : `${principal} (as configured)`
}

/** What stands in an error, e.g. `Read on the topic "raw" is denied to User:alice (as configured); grant it with:
 *  kafka-acls.sh ...`. Of several rights one is missing, and Kafka does not say which. */
export function denialText(missing: readonly Access[], identity: Identity): string {
  const who = principalText(identity)
  const what = missing.map(accessText).join(', or ')
  const commands = missing.map((access) => grantCommand(access, identity))
  const how = commands.length === 1 ? ` ${commands[0]}` : commands.map((command) => `\n  ${command}`).join('')
  return `${what} is denied to ${who}; grant it with:${how}`
}
