// One secured Kafka broker: TLS, SASL with every mechanism, mutual TLS, sessions that end, and an authorizer that denies
// what no ACL allows. In: nothing. Out: the address of each listener, users, ACLs. Test support.
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Admin } from 'kafkajs'
import { createBrokerProcess } from '../../src/demo/broker-process.ts'
import { settingsToProperties, singleBrokerSettings, type BrokerSettings } from '../../src/demo/broker-settings.ts'
import { resolveKafkaJars } from '../../src/demo/kafka-jars.ts'
import { findFreePorts } from '../../src/demo/kafka-port.ts'
import { formatStorage } from '../../src/demo/kafka-storage.ts'
import { withAdmin } from './kafka.ts'
import { testedVersion } from './kafka-version.ts'
import { setScramPassword, type ScramMechanism } from './scram-user.ts'

/** The listeners: `internal` is plain and for the super user, the others are what they say. */
export const listenerNames = ['sasl', 'plainSasl', 'mtls', 'tls', 'wrongHost', 'brief', 'internal'] as const
export type ListenerName = (typeof listenerNames)[number]

export interface SecuredCluster {
  /** `localhost:20001`, the name in the certificates. */
  readonly brokers: Readonly<Record<ListenerName, string>>
  /** As the super user, over the plain listener. A client of its own each time: kafkajs asks for every topic that it has
   *  heard of, and fails when one of them is gone. */
  asAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T>
  setPassword(user: string, password: string, mechanism?: ScramMechanism): Promise<void>
  stop(): Promise<void>
}

const tls = resolve(import.meta.dirname, '../fixtures/tls')
/** Path of a file of test/fixtures/tls. */
export const tlsFile = (name: string): string => join(tls, name)

/** Password of every user of SASL PLAIN. */
export const plainPassword = 'plain-open-sesame'
/** Sessions at the listener `brief` end after so long. */
export const briefSessionMs = 2_500

const protocols: Readonly<Record<ListenerName, string>> = {
  sasl: 'SASL_SSL',
  plainSasl: 'SASL_PLAINTEXT',
  mtls: 'SSL',
  tls: 'SSL',
  wrongHost: 'SSL',
  brief: 'SASL_SSL',
  internal: 'PLAINTEXT',
}

const loginModule = 'org.apache.kafka.common.security'
const scram = `${loginModule}.scram.ScramLoginModule required;`

/** Starts it, as KAFKA_VERSION where that is set; whoever starts it stops it. */
export async function startSecuredCluster(): Promise<SecuredCluster> {
  const env = process.env
  const version = testedVersion()
  const jars = await resolveKafkaJars({ env, onProgress: () => undefined, ...(version && { version }) })
  const [controller = 0, ...ports] = await findFreePorts(listenerNames.length + 1)
  const portOf = (name: ListenerName): number => ports[listenerNames.indexOf(name)] ?? 0
  const folder = await mkdtemp(join(env['TMPDIR'] || tmpdir(), 'trackbridge-secured-'))
  const settings = { ...(await securedSettings(folder, controller, portOf)), 'log.dirs': folder }
  await writeFile(join(folder, 'server.properties'), settingsToProperties(settings))
  const clusterId = randomBytes(16).toString('base64url')
  await formatStorage(folder, { clusterId, nodeId: 1, kafkaVersion: jars.version })
  const address = { host: '127.0.0.1', port: portOf('internal'), clusterId }
  const broker = await createBrokerProcess({ jars, env, folder, address, onProgress: () => undefined })
  await broker.start()
  const brokers = Object.fromEntries(listenerNames.map((name) => [name, `localhost:${portOf(name)}`]))
  const internal = [`127.0.0.1:${portOf('internal')}`]
  return {
    brokers: brokers as SecuredCluster['brokers'],
    asAdmin: (work) => withAdmin(work, internal),
    setPassword: (user, password, mechanism = 'SCRAM-SHA-512') =>
      setScramPassword(internal, { user, password, mechanism }),
    stop: () => broker.stop(),
  }
}

async function securedSettings(
  folder: string,
  controller: number,
  portOf: (name: ListenerName) => number,
): Promise<BrokerSettings> {
  const store = async (name: string): Promise<string> => {
    const path = join(folder, `${name}-store.pem`)
    await writeFile(
      path,
      (await readFile(tlsFile(`${name}.key`), 'utf8')) + (await readFile(tlsFile(`${name}.pem`), 'utf8')),
    )
    return path
  }
  const listeners = (host: string): string =>
    listenerNames.map((name) => `${name.toUpperCase()}://${host}:${portOf(name)}`).join(',')
  return {
    ...singleBrokerSettings({
      listeners: `${listeners('127.0.0.1')},CONTROLLER://127.0.0.1:${controller}`,
      advertised: listeners('localhost'),
      controller: `127.0.0.1:${controller}`,
      names: ['INTERNAL'],
    }),
    'listener.security.protocol.map': [
      ...listenerNames.map((name) => `${name.toUpperCase()}:${protocols[name]}`),
      'CONTROLLER:PLAINTEXT',
    ].join(','),
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': await store('server'),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': tlsFile('ca.pem'),
    'listener.name.wronghost.ssl.keystore.type': 'PEM',
    'listener.name.wronghost.ssl.keystore.location': await store('wrong-host'),
    'listener.name.mtls.ssl.client.auth': 'required',
    ...saslSettings,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    // The plain listener and the controller's are for this process only.
    'super.users': 'User:ANONYMOUS',
    'connection.failed.authentication.delay.ms': '20',
  }
}

const plainUsers = ['alice', 'bob'].map((user) => `user_${user}="${plainPassword}"`).join(' ')

const saslSettings: BrokerSettings = {
  'listener.name.sasl.sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
  'listener.name.sasl.plain.sasl.jaas.config': `${loginModule}.plain.PlainLoginModule required ${plainUsers};`,
  'listener.name.sasl.scram-sha-256.sasl.jaas.config': scram,
  'listener.name.sasl.scram-sha-512.sasl.jaas.config': scram,
  // Kafka's own validator of tokens without a signature, which is what OAUTHBEARER has unless told otherwise.
  'listener.name.sasl.oauthbearer.sasl.jaas.config': `${loginModule}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
  'listener.name.plainsasl.sasl.enabled.mechanisms': 'SCRAM-SHA-256',
  'listener.name.plainsasl.scram-sha-256.sasl.jaas.config': scram,
  'listener.name.brief.sasl.enabled.mechanisms': 'SCRAM-SHA-512',
  'listener.name.brief.scram-sha-512.sasl.jaas.config': scram,
  'listener.name.brief.scram-sha-512.connections.max.reauth.ms': String(briefSessionMs),
}
