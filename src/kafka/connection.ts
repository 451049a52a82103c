// Neutral connection settings -> kafkajs's client options. One Kafka object for a consumer, another for producers and
// admin: objects share a map of committed offsets that a transaction writes before it commits (research kafkajs.md, A4).
import { connect as connectPlain, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ISocketFactory, Kafka as KafkaClient, KafkaConfig, LogEntry, SASLOptions } from 'kafkajs'
import type { Log } from '../ops/log.ts'
import { Kafka, logLevel } from './kafkajs.ts'
import { createLogCreator } from './kafkajs-log.ts'
import type { Compression } from './wire/compression.ts'

/** How to reach a cluster. PEM texts, not paths. `false`: no TLS; `{}`: TLS with the system's CAs. */
export interface ConnectionSettings {
  /** e.g. `['kafka-1:9092', 'kafka-2:9092']` */
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly ssl:
    | false
    | {
        readonly ca?: string
        readonly cert?: string
        readonly key?: string
        readonly passphrase?: string
        /** Name that the broker's certificate must bear, where it is not the broker's host. */
        readonly serverName?: string
      }
  readonly sasl?:
    | {
        readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
        readonly username: string
        readonly password: string
      }
    | { readonly mechanism: 'oauthbearer'; readonly token: () => Promise<string> }
  /** Of what we write; all codecs are read. */
  readonly compression: Compression
  readonly connectionTimeoutMs: number
  readonly requestTimeoutMs: number
}

/** A kafkajs client. Nothing is connected yet. `onEntry` sees every entry of kafkajs's log first. */
export function createKafka(settings: ConnectionSettings, log: Log, onEntry?: (entry: LogEntry) => void): KafkaClient {
  return new Kafka({ ...kafkaOptions(settings), logLevel: logLevel.INFO, logCreator: createLogCreator(log, onEntry) })
}

/** kafkajs's options for `settings`, without the log. */
export function kafkaOptions(settings: ConnectionSettings): KafkaConfig {
  return {
    brokers: [...settings.brokers],
    clientId: settings.clientId,
    ssl: tlsOptions(settings.ssl),
    ...(settings.sasl ? { sasl: saslOptions(settings.sasl) } : {}),
    connectionTimeout: settings.connectionTimeoutMs,
    authenticationTimeout: settings.requestTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    retry: { retries: 5, initialRetryTime: 200, maxRetryTime: 3000 },
    socketFactory: openSocket,
  }
}

function tlsOptions(ssl: ConnectionSettings['ssl']): NonNullable<KafkaConfig['ssl']> {
  if (ssl === false) return false
  const { serverName, ca, ...keyPair } = ssl
  return {
    ...(ca === undefined ? {} : { ca: [ca] }),
    ...keyPair,
    ...(serverName === undefined ? {} : { servername: serverName }),
  }
}

function saslOptions(sasl: NonNullable<ConnectionSettings['sasl']>): SASLOptions {
  if (sasl.mechanism !== 'oauthbearer') return { ...sasl }
  const { token } = sasl
  return { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: await token() }) }
}

// Without noDelay every small request of a transaction may wait for the acknowledgement of the one before.
const openSocket: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  // kafkajs passes its `ssl` option on as it is: null or false without TLS.
  const socket = ssl
    ? connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect)
    : connectPlain({ host, port }, onConnect)
  socket.setKeepAlive(true, 60_000)
  socket.setNoDelay(true)
  return socket
}
