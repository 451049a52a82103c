// A principal with a prefix and topics of its own on a secured cluster, and commands that run as that principal. Test
// support.
import { createContext } from '../../src/cli/wiring.ts'
import { parseConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'
import { configFile, runCommand } from '../cli/run/run-command.ts'
import { createTopics, produceRaw } from './kafka.ts'
import { createRecordingLog, type LogLine } from './recording-log.ts'
import { tlsFile, type SecuredCluster } from './secured-cluster.ts'

export interface Servers {
  readonly cluster: Pick<SecuredCluster, 'brokers' | 'asAdmin' | 'setPassword'>
  readonly registryUrl: string
}

export interface Setting {
  readonly user: string
  /** As ACLs name it. */
  readonly principal: string
  readonly document: Readonly<Record<string, unknown>>
  readonly config: Config
  readonly servers: Servers
}

const password = 'open-sesame'

/** The configuration of a user. `topics`: what is wanted of the topics. */
export function documentOf(
  user: string,
  { brokers, registryUrl }: { readonly brokers: string; readonly registryUrl: string },
  topics: object = { partitions: 1 },
): Setting['document'] {
  return {
    kafka: {
      brokers,
      prefix: user,
      ssl: { caFile: tlsFile('ca.pem') },
      sasl: { mechanism: 'scram-sha-512', username: user, password },
      sessionTimeoutMs: 6_000,
    },
    schemaRegistry: { url: registryUrl },
    raw: { topic: `${user}.raw` },
    destinations: [{ name: 'main', topic: `${user}.main`, sink: { apiKey: 'key', url: 'http://127.0.0.1:1' } }],
    deadLetters: { topic: `${user}.dlq` },
    unsupported: { topic: `${user}.unsupported` },
    topics,
  }
}

export const parse = (document: object): Config =>
  parseConfig(JSON.stringify(document), { path: '/trackbridge.yaml', env: {} })

/** The user is made; it has no rights, and there are no topics. */
export async function setUp(servers: Servers, user: string, topics?: object): Promise<Setting> {
  const { cluster, registryUrl } = servers
  await cluster.setPassword(user, password)
  const document = documentOf(user, { brokers: cluster.brokers.sasl, registryUrl }, topics)
  return { user, principal: `User:${user}`, document, config: parse(document), servers }
}

/** All topics but one, with another retention than is wanted where any is. */
export function createAll({ user, servers }: Setting, but?: string): Promise<void> {
  const shape = { partitions: 1, settings: { 'retention.ms': '3600000' } }
  const names = ['raw', 'main', 'dlq', 'unsupported'].map((name) => `${user}.${name}`).filter((name) => name !== but)
  return createTopics(Object.fromEntries(names.map((name) => [name, shape])), [servers.cluster.brokers.internal])
}

const kinds = [
  JSON.stringify({ type: 'person', action: 'identify', identifiers: { id: '1' }, attributes: { a: 1 } }),
  'no JSON',
  JSON.stringify({ method: 'POST', path: '/api/v1/forms/abc/submit', body: { data: {} } }),
]

/** A raw call of each kind, so that every output topic is written to. */
export const produceKinds = (setting: Setting): Promise<void> => produceTo(setting, 'raw', kinds)

/** Values on the topic of this name. */
export function produceTo({ user, servers }: Setting, name: string, values: readonly string[]): Promise<void> {
  const messages = values.map((value) => ({ key: '1', value }))
  return produceRaw(`${user}.${name}`, messages, [servers.cluster.brokers.internal])
}

/** Whether `process` has committed so many raw records. */
export async function hasProcessed({ user, servers }: Setting, count: number): Promise<boolean> {
  const topics = [`${user}.raw`]
  const ask = servers.cluster.asAdmin((admin) => admin.fetchOffsets({ groupId: `${user}.process`, topics }))
  // A fresh broker has no coordinators at first.
  const [offsets] = await ask.catch(() => [])
  return offsets?.partitions.every(({ offset }) => Number(offset) >= count) ?? false
}

/** The command as it runs for real, but for its log and its end. */
export function start({ document }: Setting, ...argv: readonly string[]) {
  const { log, lines } = createRecordingLog()
  const ending = new AbortController()
  const real = createContext({} as never, ending.signal)
  const createLog = () => ({ ...log, level: () => 'info' as const, setLevel: () => undefined })
  const { createBroker, probe, clock } = real
  const parts = { createBroker, probe, clock, signal: ending.signal, createLog }
  const ended = runCommand([...argv, '--config', configFile(document)], parts)
  let result: Awaited<typeof ended> | undefined
  void ended.then((value) => (result = value))
  return { lines, ended, result: () => result, stop: () => ending.abort() }
}

/** Denials among the errors of a log. */
export const denials = (lines: readonly LogLine[]): readonly string[] =>
  lines.flatMap(({ level, fields }) => {
    const error = fields['error'] ?? fields['err']
    const text = error instanceof Error ? error.message : String(error)
    return level === 'error' && text.includes('is denied to') ? [text] : []
  })
