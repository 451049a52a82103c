import { Ajv } from 'ajv'
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { createProgram } from '../../src/cli/program.ts'
import type { CliContext } from '../../src/cli/context.ts'
import { parseConfig } from '../../src/config/load.ts'

interface Service {
  readonly image: string
  readonly build?: string | { readonly context: string; readonly target: string }
  readonly command?: string | readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly depends_on?: Readonly<Record<string, unknown>> | readonly string[]
  readonly profiles?: readonly string[]
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly user?: string
}

const compose = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>
}
const services = Object.entries(compose.services)
const ours = services.filter(([, { image }]) => image.startsWith('trackbridge'))

test('the compose file is one by the specification of compose', () => {
  const { $schema: _, ...schema } = JSON.parse(readFileSync('test/deploy/schemas/compose.json', 'utf8')) as {
    $schema: string
  }
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema)
  validate(compose)
  expect(validate.errors).toBe(null)
  const [name, service] = services[0] ?? ['', {}]
  expect(validate({ services: { [name]: { ...service, imagee: 'x' } } })).toBe(false)
})

test('one command starts all of it but the demo', () => {
  const started = services.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name)
  expect(started.toSorted()).toStrictEqual([
    'api',
    'grafana',
    'kafka',
    'process',
    'prometheus',
    'schema-registry',
    'schemas',
    'sink',
    'topics',
    'traffic',
  ])
  expect(compose.services['demo']?.profiles).toStrictEqual(['demo'])
})

test('every service waits for services that exist, and every file that is mounted exists', () => {
  const awaited = services.flatMap(
    ([, { depends_on: on = [] }]) => (Array.isArray(on) ? on : Object.keys(on)) as string[],
  )
  expect(awaited.filter((name) => !(name in compose.services))).toStrictEqual([])
  const mounted = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0] ?? ''))
  expect(mounted.length).toBeGreaterThan(5)
  expect(mounted.filter((path) => path.startsWith('.') && !existsSync(path))).toStrictEqual([])
})

test('process, sink and traffic begin when topics and schemas are there', () => {
  const awaited = ['process', 'sink', 'traffic'].map((name) => compose.services[name]?.depends_on)
  const isDone = { condition: 'service_completed_successfully' }
  expect(awaited).toStrictEqual(awaited.map(() => ({ topics: isDone, schemas: isDone })))
  expect(compose.services['schemas']?.depends_on).toStrictEqual({ 'schema-registry': { condition: 'service_healthy' } })
})

test('images have a version, name no host, and are pulled or built', () => {
  for (const [name, { image, build }] of services) {
    if (build === undefined) expect(image, name).toMatch(/^[\w-]+(\/[\w-]+)?:[\w.-]*\d[\w.-]*$/)
  }
  expect(ours.map(([name, { build }]) => [name, build])).toStrictEqual([
    ['process', '.'],
    ['sink', '.'],
    ['topics', '.'],
    ['schemas', '.'],
    ['api', { context: '.', target: 'build' }],
    ['traffic', { context: '.', target: 'build' }],
  ])
  expect(readFileSync('Dockerfile', 'utf8')).toContain(' AS build\n')
})

test('our containers may write nowhere, are not root and have no capabilities', () => {
  expect(ours.map(([name, { read_only: readOnly, cap_drop: dropped }]) => [name, readOnly, dropped])).toStrictEqual(
    ours.map(([name]) => [name, true, ['ALL']]),
  )
  // The others run the last stage, whose user is 1000 (image.test.ts).
  expect(ours.filter(([, { build }]) => typeof build === 'object').map(([, { user }]) => user)).toStrictEqual([
    '1000:1000',
    '1000:1000',
  ])
})

test('ports are open on this machine only, each one once', () => {
  const ports = services.flatMap(([, service]) => service.ports ?? [])
  expect(ports.map((port) => port.split(':').slice(0, 2).join(':'))).toStrictEqual(
    [8081, 8082, 9090, 3000].map((port) => `127.0.0.1:${port}`),
  )
})

test('trackbridge has commands that exist', () => {
  const program = createProgram({
    output: { write: () => undefined, writeError: () => undefined },
  } as unknown as CliContext)
  const known = program.commands.map((command) => command.name())
  const commands = ours.filter(([, { build }]) => build === '.').map(([, { command }]) => command?.[0] ?? '')
  expect(commands).toStrictEqual(['process', 'sink', 'topics', 'schemas'])
  expect(commands.filter((command) => !known.includes(command))).toStrictEqual([])
})

test('the configuration of the compose file is valid, and Prometheus scrapes where it listens', () => {
  const text = readFileSync('deploy/compose/trackbridge.yaml', 'utf8')
  const env = compose.services['process']?.environment ?? {}
  const config = parseConfig(text, { env, path: '/etc/trackbridge/trackbridge.yaml' })
  expect([config.kafka.brokers, config.http]).toStrictEqual([['kafka:9092'], { host: '0.0.0.0', port: 8080 }])
  expect(config.destinations[0]?.sink?.url).toBe('http://api:8090/v1')
  expect(config.schemaRegistry?.url).toStrictEqual(['http://schema-registry:8081'])
  expect(compose.services['schema-registry']?.environment?.['SCHEMA_REGISTRY_LISTENERS']).toBe('http://0.0.0.0:8081')
  expect([config.raw.format, ...config.destinations.map(({ format }) => format)]).toStrictEqual([
    'avro',
    'avro',
    'avro',
  ])
  expect(compose.services['api']?.command).toStrictEqual(
    expect.arrayContaining(['scripts/compose-api.ts', '0.0.0.0', '8090']),
  )
  const prometheus = parse(readFileSync('deploy/compose/prometheus.yml', 'utf8')) as {
    rule_files: string[]
    scrape_configs: { static_configs: { targets: string[] }[] }[]
  }
  expect(
    prometheus.scrape_configs.flatMap((job) => job.static_configs.flatMap(({ targets }) => targets)),
  ).toStrictEqual(['process:8080', 'sink:8080'])
  const mounted = compose.services['prometheus']?.volumes?.map((volume) => volume.split(':')[1])
  expect(mounted).toStrictEqual(expect.arrayContaining(prometheus.rule_files))
})

test('Grafana finds Prometheus and the dashboard', () => {
  const { environment, volumes = [] } = compose.services['grafana'] ?? {}
  const source = parse(readFileSync('deploy/compose/grafana-datasource.yaml', 'utf8')) as {
    datasources: { url: string; isDefault: boolean }[]
  }
  const provider = parse(readFileSync('deploy/compose/grafana-dashboards.yaml', 'utf8')) as {
    providers: { options: { path: string } }[]
  }
  const inside = volumes.map((volume) => volume.split(':')[1] ?? '')
  const home = environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'] ?? ''
  expect(source.datasources).toStrictEqual([
    expect.objectContaining({ url: 'http://prometheus:9090', isDefault: true }),
  ])
  expect(inside).toContain(home)
  expect(provider.providers.map(({ options }) => home.startsWith(`${options.path}/`))).toStrictEqual([true])
})
