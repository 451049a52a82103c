// Clients of a secured cluster, with a configuration as people write it. Test support.
import { connectionSettings } from '../../src/cli/kafka-settings.ts'
import { systemClock } from '../../src/clock.ts'
import { parseConfig } from '../../src/config/load.ts'
import { TrackbridgeError } from '../../src/errors.ts'
import type { Broker } from '../../src/kafka/broker.ts'
import { createKafkajsBroker } from '../../src/kafka/kafkajs-broker.ts'
import { silentLog } from '../../src/ops/log.ts'
import { tlsFile, type ListenerName, type SecuredCluster } from './secured-cluster.ts'

/** The authority of the brokers. */
export const ssl = { caFile: tlsFile('ca.pem') }
/** A user of SCRAM, whose password a test sets. */
export const scram = { mechanism: 'scram-sha-512', username: 'alice', password: 'pw' }
/** Mutual TLS with these files of test/fixtures/tls. */
export const clientPair = (cert: string, key = cert) => ({
  ...ssl,
  certFile: tlsFile(`${cert}.pem`),
  keyFile: tlsFile(`${key}.key`),
})
/** A broker over the listener; `kafka`: further keys of the section. */
export function openAt(cluster: SecuredCluster, listener: ListenerName, kafka: object): Broker {
  const document = {
    kafka: { brokers: cluster.brokers[listener], connectionTimeoutMs: 3_000, requestTimeoutMs: 5_000, ...kafka },
    destinations: [{ name: 'one' }],
  }
  const config = parseConfig(JSON.stringify(document), { path: '/trackbridge.yaml', env: {} })
  return createKafkajsBroker(connectionSettings(config.kafka), silentLog, systemClock)
}

/** `connected`, or code and message of what is said. */
export const connects = async (cluster: SecuredCluster, listener: ListenerName, kafka: object): Promise<string> => {
  try {
    const admin = await openAt(cluster, listener, kafka).admin()
    await admin.close()
    return 'connected'
  } catch (error) {
    if (!(error instanceof TrackbridgeError)) throw error
    return `${error.code} ${error.message}`
  }
}
