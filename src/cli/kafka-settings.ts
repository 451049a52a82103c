// Config -> what kafka/connection.ts needs: files read, TLS and SASL in its terms.
import { TrackbridgeError } from '../errors.ts'
import type { Config } from '../config/schema.ts'
import { readSecret, secretSource } from '../config/secret.ts'
import type { ConnectionSettings } from '../kafka/connection.ts'

type KafkaConfig = Config['kafka']

/** Connection settings. Throws TB_CONFIG_INVALID when a file that was there at the start is not any more. */
export function connectionSettings(kafka: KafkaConfig): ConnectionSettings {
  const { brokers, clientId, compression, connectionTimeoutMs, requestTimeoutMs } = kafka
  const sasl = kafka.sasl === undefined ? {} : { sasl: saslSettings(kafka.sasl) }
  return { brokers, clientId, ssl: sslSettings(kafka.ssl), ...sasl, compression, connectionTimeoutMs, requestTimeoutMs }
}

function sslSettings(ssl: KafkaConfig['ssl']): ConnectionSettings['ssl'] {
  if (typeof ssl === 'boolean') return ssl ? {} : false
  const { caFile, certFile, keyFile, passphrase, serverName } = ssl
  return {
    ...(caFile === undefined ? {} : { ca: readSecret({ file: caFile })() }),
    ...(certFile === undefined ? {} : { cert: readSecret({ file: certFile })() }),
    ...(keyFile === undefined ? {} : { key: readSecret({ file: keyFile })() }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(serverName === undefined ? {} : { serverName }),
  }
}

function saslSettings(sasl: NonNullable<KafkaConfig['sasl']>): NonNullable<ConnectionSettings['sasl']> {
  if (sasl.mechanism === 'oauthbearer') {
    const read = readSecret({ file: sasl.tokenFile })
    return { mechanism: sasl.mechanism, token: async () => read() }
  }
  const source = secretSource(sasl.password, sasl.passwordFile)
  if (source === undefined) throw new TrackbridgeError('TB_BUG', 'kafka.sasl has neither password nor passwordFile')
  return { mechanism: sasl.mechanism, username: sasl.username, password: readSecret(source)() }
}
