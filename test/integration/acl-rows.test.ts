import { afterAll, beforeAll, expect, test } from 'vitest'
import { requiredAcls } from '../../src/cli/required-acls.ts'
import { createContext } from '../../src/cli/wiring.ts'
import { parseConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'
import { accessText, grantCommand, type Access } from '../../src/kafka/access.ts'
import { createRecordingLog, type LogLine } from '../support/recording-log.ts'
import { grant, revoke } from '../support/secured-acls.ts'
import { startSecuredCluster, tlsFile, type SecuredCluster } from '../support/secured-cluster.ts'
import { createTopics, produceRaw } from '../support/kafka.ts'
import { until } from '../support/until.ts'
import { configFile, runCommand } from '../cli/run-command.ts'

const say = (line: string): void => void process.stderr.write(`${line}\n`)
const password = 'open-sesame'

let cluster: SecuredCluster

beforeAll(async () => {
  cluster = await startSecuredCluster()
})
afterAll(() => cluster.stop())

/** A principal, a prefix and topics of its own. */
interface Setting {
  readonly user: string
  readonly document: Readonly<Record<string, unknown>>
  readonly config: Config
}

async function setUp(user: string, { sink = {} }: { readonly sink?: object } = {}): Promise<Setting> {
  await cluster.setPassword(user, password)
  const sasl = { mechanism: 'scram-sha-512', username: user, password }
  const document = {
    kafka: {
      brokers: cluster.brokers.sasl,
      prefix: user,
      ssl: { caFile: tlsFile('ca.pem') },
      sasl,
      sessionTimeoutMs: 6_000,
    },
    raw: { topic: `${user}.raw` },
    destinations: [
      { name: 'main', topic: `${user}.main`, sink: { apiKey: 'key', url: 'http://127.0.0.1:1', ...sink } },
    ],
    deadLetters: { topic: `${user}.dlq` },
    unsupported: { topic: `${user}.unsupported` },
    topics: { partitions: 1 },
  }
  const config = parseConfig(JSON.stringify(document), { path: '/trackbridge.yaml', env: {} })
  return { user, document, config }
}

const internal = (): readonly string[] => [cluster.brokers.internal]
const principalOf = ({ user }: Setting): string => `User:${user}`
const outputs = ({ user }: Setting): readonly string[] =>
  ['main', 'dlq', 'unsupported'].map((name) => `${user}.${name}`)
const allTopics = (setting: Setting): readonly string[] => [`${setting.user}.raw`, ...outputs(setting)]

const createAll = (setting: Setting): Promise<void> =>
  createTopics(Object.fromEntries(allTopics(setting).map((name) => [name, 1])), internal())

/** A call of each kind, so that every output topic is written to. */
const produceKinds = ({ user }: Setting): Promise<void> =>
  produceRaw(
    `${user}.raw`,
    [
      { value: JSON.stringify({ type: 'person', action: 'identify', identifiers: { id: '1' }, attributes: { a: 1 } }) },
      { value: 'no JSON' },
      { value: JSON.stringify({ method: 'POST', path: '/api/v1/forms/abc/submit', body: { data: {} } }) },
    ],
    internal(),
  )

const rowsOf = (config: Config, command: string): readonly Access[] =>
  requiredAcls(config).find((one) => one.command === command)?.access ?? []

const without = (rows: readonly Access[], row: Access): readonly Access[] => rows.filter((one) => one !== row)

/** The command as it runs for real, but for its log and its end. */
function start({ document }: Setting, ...argv: readonly string[]) {
  const { log, lines } = createRecordingLog()
  const ending = new AbortController()
  const real = createContext({} as never, ending.signal)
  const createLog = () => ({ ...log, level: () => 'info' as const, setLevel: () => undefined })
  const parts = {
    createBroker: real.createBroker,
    probe: real.probe,
    clock: real.clock,
    signal: ending.signal,
    createLog,
  }
  const ended = runCommand([...argv, '--config', configFile(document)], parts)
  let result: Awaited<typeof ended> | undefined
  void ended.then((value) => (result = value))
  return { lines, ended, result: () => result, stop: () => ending.abort() }
}

const denials = (lines: readonly LogLine[]): readonly string[] =>
  lines.flatMap(({ level, fields }) => {
    const error = fields['error'] ?? fields['err']
    const text = error instanceof Error ? error.message : String(error)
    return level === 'error' && text.includes('is denied to') ? [text] : []
  })

/** Whether a denial names the row, whom it is denied to, and the command that grants it. Settings that may not be read
 *  are a warning: they are named, no more. */
function names(text: string, row: Access, setting: Setting): boolean {
  if (row.operation === 'DescribeConfigs')
    return text.includes(`! ${row.name}`) && text.includes('right to DescribeConfigs')
  const tool = `--bootstrap-server ${cluster.brokers.sasl} --command-config admin.properties`
  const command = grantCommand(row, { principal: () => principalOf(setting), tool })
  return text.includes(accessText(row)) && text.includes(`denied to ${principalOf(setting)}`) && text.includes(command)
}

interface Row {
  readonly command: string
  readonly row: Access
  readonly said: string
  readonly isNamed: boolean
}

const tell = (rows: readonly Row[]): void => {
  for (const { command, row, said, isNamed } of rows)
    say(`${isNamed ? 'named' : 'NOT NAMED'} | ${command} | without ${accessText(row)} | ${said.split('\n')[0] ?? ''}`)
}

const unnamed = (rows: readonly Row[]): readonly string[] =>
  rows.flatMap(({ command, row, said, isNamed }) => (isNamed ? [] : [`${command} without ${accessText(row)}: ${said}`]))

const committedAll = async ({ user }: Setting, count: number): Promise<boolean> => {
  const topics = [`${user}.raw`]
  const ask = cluster.asAdmin((admin) => admin.fetchOffsets({ groupId: `${user}.process`, topics }))
  // A fresh broker has no coordinators at first.
  const [offsets] = await ask.catch(() => [])
  return offsets?.partitions.every(({ offset }) => Number(offset) >= count) ?? false
}

test('process without any one of its rights names it, and goes on by itself when it is granted', async () => {
  const rowCount = rowsOf((await setUp('count')).config, 'process').length
  const rows = await Promise.all(Array.from({ length: rowCount }, (_, index) => strikeProcess(index)))
  tell(rows)
  expect(unnamed(rows)).toEqual([])
})

async function strikeProcess(index: number): Promise<Row> {
  const setting = await setUp(`process${index}`)
  const rows = rowsOf(setting.config, 'process')
  const row = rows[index]!
  await createAll(setting)
  await grant(cluster, principalOf(setting), rows)
  const running = start(setting, 'process')
  await produceKinds(setting)
  await until(() => committedAll(setting, 3), {
    timeoutMs: 40_000,
    describe: () => `${index}: ${JSON.stringify(running.lines.slice(-4))}`,
  })
  await revoke(cluster, principalOf(setting), [row])
  await produceKinds(setting)
  await until(() => denials(running.lines).length > 0, {
    timeoutMs: 40_000,
    describe: () => `a denial without ${accessText(row)}; ${JSON.stringify(running.lines.slice(-6))}`,
  })
  const [said = ''] = denials(running.lines)
  await grant(cluster, principalOf(setting), [row])
  await until(() => committedAll(setting, 6), { timeoutMs: 40_000, describe: () => `${accessText(row)} granted again` })
  running.stop()
  await running.ended
  return { command: 'process', row, said, isNamed: names(said, row, setting) }
}

test.each(['process', 'sink --destination main', 'topics plan', 'topics apply'])(
  '%s begun without any one of its rights says which, and whoever has all of them is let in',
  async (command) => {
    const rowCount = rowsOf((await setUp('count')).config, command).length
    const rows = await Promise.all(Array.from({ length: rowCount }, (_, index) => beginWithout(command, index)))
    tell(rows)
    expect(unnamed(rows)).toEqual([])
  },
)

async function beginWithout(command: string, index: number): Promise<Row> {
  const [word = ''] = command.split(' ')
  const setting = await setUp(`${word}-${command.length}-${index}`)
  const rows = rowsOf(setting.config, command)
  const row = rows[index]!
  if (command !== 'topics apply') await createAll(setting)
  await grant(cluster, principalOf(setting), without(rows, row))
  if (command === 'process') await produceKinds(setting)
  const running = start(setting, ...command.split(' '))
  const said = await until(() => running.result()?.stderr ?? denials(running.lines)[0] ?? running.result()?.stdout, {
    timeoutMs: 40_000,
    describe: () => `${command} without ${accessText(row)}: ${JSON.stringify(running.lines.slice(-5))}`,
  })
  running.stop()
  const { stdout } = await running.ended
  const all = said + stdout
  return { command, row, said: all, isNamed: names(all, row, setting) }
}
