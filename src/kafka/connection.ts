// Neutral connection settings -> kafkajs's client options. One Kafka object for a consumer, another for producers and
// admin: objects share a map of committed offsets that a transaction writes before it commits (research kafkajs.md, A4).
import type { Kafka as KafkaClient, KafkaConfig, LogEntry, Mechanism, SASLOptions } from 'kafkajs'
import type { Log } from '../ops/log.ts'
import type { BearerToken } from './bearer-token.ts'
import { Kafka, logLevel } from './kafkajs.ts'
import { createLogCreator } from './kafkajs-log.ts'
import { oauthAuthentication } from './oauth-authentication.ts'
import { createSocketFactory, type ReadTls } from './tls.ts'
import type { Compression } from './wire/compression.ts'

/** How to prove who we are. What is a function is called for each authentication, so that secrets may be rotated. */
export type SaslSettings =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
      readonly username: string
      readonly password: () => string
    }
  | {
      readonly mechanism: 'oauthbearer'
      readonly token: () => Promise<BearerToken>
      /** As brokers see it, e.g. `User:alice`; undefined while that is not known. */
      readonly principal: () => string | undefined
    }

/** How to reach a cluster. */
export interface ConnectionSettings {
  /** e.g. `['kafka-1:9092', 'kafka-2:9092']` */
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly ssl: ReadTls
  readonly sasl?: SaslSettings
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
    ssl: settings.ssl !== false,
    ...(settings.sasl ? { sasl: saslOptions(settings.sasl) } : {}),
    connectionTimeout: settings.connectionTimeoutMs,
    authenticationTimeout: settings.requestTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    retry: { retries: 5, initialRetryTime: 200, maxRetryTime: 3000 },
    socketFactory: createSocketFactory(settings.ssl),
  }
}

function saslOptions(sasl: SaslSettings): SASLOptions | Mechanism {
  if (sasl.mechanism === 'oauthbearer')
    return { mechanism: sasl.mechanism, authenticationProvider: oauthAuthentication(sasl.token) }
  const { mechanism, username, password } = sasl
  // A getter: kafkajs keeps this object and reads it at each authentication.
  const options = {
    mechanism,
    username,
    get password() {
      return password()
    },
  }
  return options as SASLOptions
}
