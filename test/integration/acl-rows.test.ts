import { afterAll, beforeAll, expect, test } from 'vitest'
import { requiredAcls } from '../../src/cli/required-acls.ts'
import type { Config } from '../../src/config/schema.ts'
import { accessText, grantCommand, type Access } from '../../src/kafka/access.ts'
import {
  createAll,
  denials,
  documentOf,
  hasProcessed,
  parse,
  produceKinds,
  produceTo,
  setUp,
  start,
  type Servers,
  type Setting,
} from '../support/acl-setting.ts'
import { startRegistryStub, type RegistryStub } from '../support/registry-stub.ts'
import { grant, revoke } from '../support/secured-acls.ts'
import { startSecuredCluster, type SecuredCluster } from '../support/secured-cluster.ts'
import { until } from '../support/until.ts'

const say = (line: string): void => void process.stderr.write(`${line}\n`)

let cluster: SecuredCluster
let registry: RegistryStub

beforeAll(async () => {
  ;[cluster, registry] = await Promise.all([startSecuredCluster(), startRegistryStub()])
})
afterAll(async () => {
  await Promise.all([cluster.stop(), registry.close()])
})

const servers = (): Servers => ({ cluster, registryUrl: registry.url })

const rowsOf = (config: Config, command: string): readonly Access[] =>
  requiredAcls(config).find((one) => one.command === command)?.access ?? []

const without = (rows: readonly Access[], row: Access): readonly Access[] => rows.filter((one) => one !== row)

/** The command that grants the right. */
function grantOf(row: Access, setting: Setting): string {
  const tool = `--bootstrap-server ${cluster.brokers.sasl} --command-config admin.properties`
  return grantCommand(row, { principal: () => setting.principal, tool })
}

/** Whether a denial names the right, whom it is denied to, and the command that grants it. */
const names = (text: string, row: Access, setting: Setting): boolean =>
  [accessText(row), `denied to ${setting.principal}`, grantOf(row, setting)].every((part) => text.includes(part))

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

test('process without any one of its rights names it, and goes on by itself when it is granted', async () => {
  const rowCount = rowsOf((await setUp(servers(), 'count')).config, 'process').length
  const rows = await Promise.all(Array.from({ length: rowCount }, (_, index) => strikeProcess(index)))
  tell(rows)
  expect(unnamed(rows)).toEqual([])
})

async function strikeProcess(index: number): Promise<Row> {
  const setting = await setUp(servers(), `process${index}`)
  const rows = rowsOf(setting.config, 'process')
  const row = rows[index]!
  await createAll(setting)
  await grant(cluster, setting.principal, rows)
  const running = start(setting, 'process')
  await produceKinds(setting)
  await until(() => hasProcessed(setting, 3), {
    timeoutMs: 40_000,
    describe: () => `${index}: ${JSON.stringify(running.lines.slice(-4))}`,
  })
  await revoke(cluster, setting.principal, [row])
  await produceKinds(setting)
  await until(() => denials(running.lines).length > 0, {
    timeoutMs: 40_000,
    describe: () => `a denial without ${accessText(row)}; ${JSON.stringify(running.lines.slice(-6))}`,
  })
  const [said = ''] = denials(running.lines)
  await grant(cluster, setting.principal, [row])
  await until(() => hasProcessed(setting, 6), { timeoutMs: 40_000, describe: () => `${accessText(row)} granted again` })
  running.stop()
  await running.ended
  return { command: 'process', row, said, isNamed: names(said, row, setting) }
}

/** How a command is tried that is not simply run on topics that exist and hold something. A command without an entry needs
 *  none: its words are run, and it has to name what it lacks before it ends, or in its log. */
interface Trial {
  /** Arguments, where the words of the row are not those of the command line. */
  readonly argv?: readonly string[] | ((row: Access) => readonly string[])
  /** Before it is run without `row`; absent: topics, and a record of each kind. */
  readonly prepare?: (setting: Setting, row: Access) => Promise<void>
  /** What is wanted of the topics. */
  readonly topics?: object
  /** Commands whose rights are granted, and taken away, too. */
  readonly beside?: readonly string[]
  /** A list of faults names the command that grants a right, no more. */
  readonly isList?: true
  /** What it asks for bears this behind the name of a row that is prefixed, and it names that narrower right. */
  readonly narrower?: string
  /** What it says in place of all that where a right is only wished for. */
  readonly orSays?: (row: Access) => string | undefined
}

const isUnsupported = ({ name }: Access): boolean => name.endsWith('.unsupported')
const letters =
  (...words: readonly string[]) =>
  (row: Access): readonly string[] => ['dead-letters', ...words, ...(isUnsupported(row) ? ['--unsupported'] : [])]
const replay = (...words: readonly string[]): readonly string[] => {
  const always = ['--name', 'again', '--from', 'earliest', '--pause-when-lag-above', '1000000']
  return ['replay', ...always, ...words]
}

const trials: Readonly<Record<string, Trial>> = {
  'replay --stage translate': { argv: replay(), narrower: 'again.' },
  'replay --stage forward --destination main': {
    argv: replay('--stage', 'forward', '--destination', 'main'),
    prepare: async (setting) => {
      await createAll(setting)
      await produceTo(setting, 'main', ['no JSON'])
    },
  },
  'dead-letters list, show, export': { argv: letters('list'), prepare: processKinds },
  'dead-letters redrive': { argv: letters('redrive'), prepare: processKinds },
  'dead-letters forget': {
    argv: ['dead-letters', 'forget', '--user', '1'],
    prepare: processKinds,
    orSays: ({ operation }) =>
      operation === 'DescribeConfigs'
        ? 'its settings may not be read (DescribeConfigs; "trackbridge check --acls" prints how to grant it)'
        : undefined,
  },
  'topics apply': { prepare: async () => undefined },
  'topics apply --alter': {
    topics: {
      partitions: 1,
      retentionMs: 7 * 86_400_000,
      raw: { retentionMs: 7 * 86_400_000 },
      deadLetters: { partitions: 2 },
      unsupported: { partitions: 2 },
    },
    prepare: (setting, row) => createAll(setting, row.operation === 'Create' ? row.name : undefined),
  },
  'check, beside the rights of what it checks': {
    argv: ['check'],
    beside: ['process', 'sink --destination main'],
    isList: true,
  },
}

const commands = requiredAcls(
  parse(documentOf('nobody', { brokers: 'localhost:1', registryUrl: 'http://localhost:1' })),
).map(({ command }) => command)

test.each(commands)('%s begun without any one of its rights says which', async (command) => {
  const { topics, beside = [] } = trials[command] ?? {}
  const rowsIn = (config: Config): readonly Access[] => {
    const all = [command, ...beside].flatMap((one) => rowsOf(config, one))
    return all.filter((row, index) => all.findIndex((one) => accessText(one) === accessText(row)) === index)
  }
  const begin = async (index: number): Promise<Row> =>
    beginWithout(command, await setUp(servers(), `begin${commands.indexOf(command)}-${index}`, topics), (config) => {
      const rows = rowsIn(config)
      return { rows, row: rows[index]! }
    })
  const rowCount = rowsIn((await setUp(servers(), 'count', topics)).config).length
  const rows = await Promise.all(Array.from({ length: rowCount }, (_, index) => begin(index)))
  tell(rows)
  expect(unnamed(rows)).toEqual([])
})

interface Chosen {
  readonly rows: readonly Access[]
  readonly row: Access
}

async function beginWithout(command: string, setting: Setting, choose: (config: Config) => Chosen): Promise<Row> {
  const { argv = command.split(' '), prepare = fill, isList, narrower, orSays } = trials[command] ?? {}
  const { rows, row } = choose(setting.config)
  const words = typeof argv === 'function' ? argv(row) : argv
  await prepare(setting, row)
  await grant(cluster, setting.principal, without(rows, row))
  const running = start(setting, ...words)
  const said = await until(() => running.result()?.stderr ?? denials(running.lines)[0] ?? running.result()?.stdout, {
    timeoutMs: 40_000,
    describe: () => `${command} without ${accessText(row)}: ${JSON.stringify(running.lines.slice(-5))}`,
  })
  running.stop()
  const { stdout } = await running.ended
  const all = said + stdout
  const named = [row, ...(narrower === undefined ? [] : [{ ...row, name: row.name + narrower }])]
  const phrase = orSays?.(row) ?? (isList ? grantOf(row, setting) : undefined)
  const isNamed = phrase === undefined ? named.some((one) => names(all, one, setting)) : all.includes(phrase)
  return { command, row, said: lineAbout(all, row, grantOf(row, setting)), isNamed }
}

async function fill(setting: Setting): Promise<void> {
  await createAll(setting)
  await produceKinds(setting)
}

/** Leaves a record on each output topic. */
async function processKinds(setting: Setting): Promise<void> {
  await fill(setting)
  const rows = rowsOf(setting.config, 'process')
  await grant(cluster, setting.principal, rows)
  const running = start(setting, 'process')
  await until(() => hasProcessed(setting, 3), {
    timeoutMs: 40_000,
    describe: () => JSON.stringify(running.lines.slice(-4)),
  })
  running.stop()
  await running.ended
  await revoke(cluster, setting.principal, rows)
}

/** The line that tells of the right, or stands before the command that grants it. */
function lineAbout(text: string, row: Access, command: string): string {
  const lines = text.split('\n')
  const before = lines[lines.findIndex((line) => line.includes(command)) - 1]
  return lines.find((line) => line.includes(accessText(row))) ?? before ?? text
}
