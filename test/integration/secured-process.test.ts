import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { requiredAcls } from '../../src/cli/required-acls.ts'
import { parseConfig } from '../../src/config/load.ts'
import { systemClock } from '../../src/clock.ts'
import { startStandInApi } from '../../src/demo/stand-in-api.ts'
import type { Access } from '../../src/kafka/access.ts'
import { produceRaw, readCommitted } from '../support/kafka.ts'
import { grant } from '../support/secured-acls.ts'
import { startSecuredCluster, tlsFile, type SecuredCluster } from '../support/secured-cluster.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { startTrackbridge } from '../support/trackbridge-process.ts'
import { until } from '../support/until.ts'

let cluster: SecuredCluster

beforeAll(async () => {
  cluster = await startSecuredCluster()
})
afterAll(() => cluster.stop())

const password = 'open-sesame'
const count = 300

const ssl = { caFile: tlsFile('ca.pem') }
const scramOf = (user: string) => ({ mechanism: 'scram-sha-512', username: user, password })

interface Way {
  readonly name: string
  readonly commit: 'group' | 'partition'
  /** How the engines connect, and as whom the brokers know them. */
  readonly kafka: () => object
  readonly principal: string
}

const ways: readonly Way[] = [
  {
    name: 'SASL_SSL, one transaction for all partitions',
    commit: 'group',
    kafka: () => ({ brokers: cluster.brokers.sasl, ssl, sasl: scramOf('worker') }),
    principal: 'User:worker',
  },
  {
    name: 'sessions that end every few seconds, one transaction a partition',
    commit: 'partition',
    kafka: () => ({ brokers: cluster.brokers.brief, ssl, sasl: scramOf('brief') }),
    principal: 'User:brief',
  },
  {
    name: 'mutual TLS, one transaction for all partitions',
    commit: 'group',
    kafka: () => ({
      brokers: cluster.brokers.mtls,
      ssl: { ...ssl, certFile: tlsFile('client.pem'), keyFile: tlsFile('client.key') },
    }),
    principal: 'User:CN=client',
  },
]

test.each(ways)('with the least rights everything works: $name', async ({ commit, kafka, principal }) => {
  await Promise.all(['worker', 'brief', 'maker'].map((user) => cluster.setPassword(user, password)))
  const api = await startStandInApi({ clock: systemClock, random: seededRandom(7), apiKey: 'key' })
  onTestFinished(() => api.close())
  const prefix = `tb.${principal.replace(/\W/g, '')}`
  const document = {
    kafka: { ...kafka(), prefix, sessionTimeoutMs: 6_000 },
    raw: { topic: `${prefix}.raw` },
    process: { commit },
    destinations: [{ name: 'main', topic: `${prefix}.main`, sink: { url: api.url, apiKey: 'key' } }],
    deadLetters: { topic: `${prefix}.dlq` },
    unsupported: { topic: `${prefix}.unsupported` },
    topics: { partitions: 3 },
    log: { level: 'info', format: 'json' },
  }
  const rows = requiredAcls(parseConfig(JSON.stringify(document), { path: '/trackbridge.yaml', env: {} }))
  const rowsOf = (...commands: readonly string[]): readonly Access[] =>
    rows.flatMap(({ command, access }) => (commands.includes(command) ? access : []))
  await grant(cluster, 'User:maker', rowsOf('topics apply'))
  await grant(cluster, principal, rowsOf('process', 'sink --destination main'))

  const asMaker = { ...document, kafka: { brokers: cluster.brokers.sasl, ssl, sasl: scramOf('maker'), prefix } }
  const applied = startTrackbridge(['topics', 'apply'], asMaker)
  expect(await applied.ended, applied.tail()).toEqual({ code: 0, signal: null })

  const running = startTrackbridge(['run'], document)
  const values = Array.from({ length: count }, (_, index) => ({
    key: String(index),
    value: JSON.stringify({
      type: 'person',
      action: 'identify',
      identifiers: { id: String(index) },
      attributes: { index },
    }),
  }))
  await produceRaw(`${prefix}.raw`, values, [cluster.brokers.internal])
  await until(() => api.accepted.length >= count, { timeoutMs: 40_000, describe: () => running.tail() })
  // Longer than a brief session.
  await until(async () => (await sumOfOffsets(`${prefix}.sink.main`, `${prefix}.main`)) >= count, { timeoutMs: 20_000 })
  running.send('SIGTERM')
  expect(await running.ended, running.tail()).toEqual({ code: 0, signal: null })

  const written = await readCommitted(`${prefix}.main`, { brokers: [cluster.brokers.internal] })
  expect(written.map(({ key }) => Number(key)).sort((a, b) => a - b)).toEqual(values.map((_, index) => index))
  expect(running.lines.filter(({ level }) => level === 'error' || level === 50)).toEqual([])
})

async function sumOfOffsets(groupId: string, topic: string): Promise<number> {
  const [offsets] = await cluster.asAdmin((admin) => admin.fetchOffsets({ groupId, topics: [topic] })).catch(() => [])
  return offsets?.partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0) ?? 0
}
