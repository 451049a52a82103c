// Config -> what kafka/connection.ts needs: TLS and SASL in its terms. Whatever stands in a file is read anew for each
// connection, so that it may be rotated under way.
import { systemClock, type Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { Config } from '../config/schema.ts'
import { readSecret, secretSource, type SecretSource } from '../config/secret.ts'
import { signAwsToken, signerPackage } from '../kafka/aws-token.ts'
import { principalOfToken } from '../kafka/bearer-token.ts'
import type { ConnectionSettings, SaslSettings } from '../kafka/connection.ts'
import { requestToken } from '../kafka/oauth-token.ts'
import { requireSoundTls, type TlsMaterial } from '../kafka/tls.ts'
import { createTokenCache, type TokenCacheOptions } from '../kafka/token-cache.ts'

type KafkaConfig = Config['kafka']
type SaslConfig = NonNullable<KafkaConfig['sasl']>
type BearerConfig = Extract<SaslConfig, { mechanism: 'oauthbearer' }>

/** What is asked for over a network or loaded late; tests bring their own. */
export interface SettingsDeps {
  readonly clock: Clock
  readonly fetch: typeof globalThis.fetch
  /** Imports a package by its name. */
  readonly load: (name: string) => Promise<unknown>
}

const realDeps: SettingsDeps = { clock: systemClock, fetch: globalThis.fetch, load: (name) => import(name) }

/** Connection settings. Throws TB_CONFIG_INVALID when a file that was there at the start is not any more. */
export function connectionSettings(kafka: KafkaConfig, deps = realDeps): ConnectionSettings {
  const { brokers, clientId, compression, connectionTimeoutMs, requestTimeoutMs } = kafka
  const sasl = kafka.sasl === undefined ? {} : { sasl: saslSettings(kafka, kafka.sasl, deps) }
  return { brokers, clientId, ssl: readTls(kafka.ssl), ...sasl, compression, connectionTimeoutMs, requestTimeoutMs }
}

function readTls(ssl: KafkaConfig['ssl']): ConnectionSettings['ssl'] {
  if (typeof ssl === 'boolean') return ssl ? () => ({}) : false
  const sources = {
    ca: secretSource(ssl.ca, ssl.caFile),
    cert: secretSource(ssl.cert, ssl.certFile),
    key: secretSource(ssl.key, ssl.keyFile),
    passphrase: secretSource(ssl.passphrase, ssl.passphraseFile),
  }
  const reads = Object.entries(sources).flatMap(([name, source]) =>
    source === undefined ? [] : [[name, firstRead(source)] as const],
  )
  const { serverName } = ssl
  const fixed: TlsMaterial = serverName === undefined ? {} : { serverName }
  const material = () => ({ ...Object.fromEntries(reads.map(([name, read]) => [name, read()])), ...fixed })
  requireSoundTls(material())
  return material
}

/** Read once at once, so that a file that is gone is told before anything is connected. */
function firstRead(source: SecretSource): () => string {
  const read = readSecret(source)
  read()
  return read
}

function saslSettings(kafka: KafkaConfig, sasl: SaslConfig, deps: SettingsDeps): SaslSettings {
  if (sasl.mechanism === 'aws-iam') {
    const load = () => deps.load(signerPackage)
    return cached(kafka, { fetch: () => signAwsToken(load, sasl) }, deps)
  }
  if (sasl.mechanism === 'oauthbearer') return bearerSettings(kafka, sasl, deps)
  const { mechanism, username, password, passwordFile } = sasl
  return { mechanism, username, password: firstRead(required(password, passwordFile, 'password')) }
}

function bearerSettings(kafka: KafkaConfig, sasl: BearerConfig, deps: SettingsDeps): SaslSettings {
  const extensions = sasl.extensions === undefined ? {} : { extensions: sasl.extensions }
  const { tokenFile, tokenUrl, clientId, scope } = sasl
  if (tokenUrl !== undefined && clientId !== undefined) {
    const endpoint = {
      url: tokenUrl,
      clientId,
      clientSecret: firstRead(required(sasl.clientSecret, sasl.clientSecretFile, 'clientSecret')),
      ...(scope === undefined ? {} : { scope }),
      timeoutMs: kafka.connectionTimeoutMs,
    }
    return cached(kafka, { ...extensions, fetch: () => requestToken(deps, endpoint) }, deps)
  }
  const read = firstRead(required(undefined, tokenFile, 'token'))
  return {
    mechanism: 'oauthbearer',
    token: async () => ({ value: read(), ...extensions }),
    principal: () => principalOfToken(read()),
  }
}

/** Longest part of a request's time that a connection waits for a token: kafkajs gives up at the whole of it. */
const patientShare = 0.6

function cached(
  { requestTimeoutMs }: KafkaConfig,
  options: Omit<TokenCacheOptions, 'patienceMs'>,
  { clock }: SettingsDeps,
): SaslSettings {
  const source = createTokenCache({ ...options, patienceMs: requestTimeoutMs * patientShare }, clock)
  return { mechanism: 'oauthbearer', token: () => source.token(), principal: () => source.principal() }
}

function required(value: string | undefined, file: string | undefined, key: string): SecretSource {
  const source = secretSource(value, file)
  if (source === undefined) throw new TrackbridgeError('TB_BUG', `kafka.sasl has neither ${key} nor ${key}File`)
  return source
}
