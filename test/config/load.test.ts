import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { configPath, loadConfig, parseConfig } from '../../src/config/load.ts'
import { TrackbridgeError } from '../../src/errors.ts'
import { faultyConfigs } from './faulty-configs.ts'
import { faultySinks } from './faulty-sinks.ts'

const directory = mkdtempSync(join(tmpdir(), 'trackbridge-config-'))
afterAll(() => rmSync(directory, { recursive: true }))

const write = (name: string, text: string): string => {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

function failure(action: () => unknown): TrackbridgeError {
  try {
    action()
  } catch (error) {
    if (error instanceof TrackbridgeError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

const minimal = 'kafka: {brokers: "a:9092"}\ndestinations: [{name: one, sink: {apiKey: k}}]\n'
const parse = (text: string, env = {}) => parseConfig(text, { path: '/etc/trackbridge.yaml', env })

const minimalConfig = {
  kafka: {
    brokers: ['a:9092'],
    clientId: 'trackbridge',
    ssl: false,
    prefix: 'trackbridge',
    sessionTimeoutMs: 15_000,
    transactionTimeoutMs: 30_000,
    compression: 'lz4',
    connectionTimeoutMs: 10_000,
    requestTimeoutMs: 30_000,
  },
  raw: { topics: ['cio.track.raw'], format: 'auto', call: 'envelope' },
  partitioning: 'source',
  delivery: 'exactly-once',
  process: {
    chunkRecords: 5_000,
    maxWaitMs: 500,
    maxBytesPerPartition: 262_144,
    concurrency: 16,
    commit: 'group',
    metadataMaxAgeMs: 60_000,
  },
  mapping: { relationshipDelete: 'track', relationshipTraitsKey: 'relationship_traits' },
  destinations: [
    {
      name: 'one',
      topic: 'cio.pipelines.one',
      format: 'json',
      where: { excludeEmailOnly: false },
      integrations: { All: true },
      sink: {
        format: 'pipelines',
        url: 'https://cdp.customer.io/v1',
        apiKey: 'k',
        headers: {},
        compression: 'none',
        concurrency: 'partition',
        rateLimit: { shared: false },
        shutdownTimeoutMs: 20_000,
        limits: {
          timeoutMs: 30_000,
          maxBatchMessages: 500,
          maxBatchBytes: 500_000,
          maxCallBytes: 32_000,
          maxSingleBytes: 64_000,
          maxInFlight: 16,
          requestsPerSecond: 950,
          lingerMs: 100,
          maxBufferBytes: 33_554_432,
        },
      },
    },
  ],
  deadLetters: { topic: 'cio.dead-letters', format: 'json', maxShare: 1 },
  unsupported: { topic: 'cio.unsupported', format: 'json' },
  topics: {
    prefix: '',
    destinationName: 'cio.pipelines.{name}',
    partitions: 8,
    replicationFactor: -1,
    timestampType: 'LogAppendTime',
    raw: {},
    destinations: {},
    deadLetters: {},
    unsupported: {},
  },
  http: false,
  log: { level: 'info', format: 'auto', personIds: false },
  shutdownTimeoutMs: 20_000,
}

describe('a valid configuration', () => {
  test('gets every default', () => {
    expect(parse(minimal)).toEqual(minimalConfig)
  })

  test('means the same as JSON, indented with tabs', () => {
    const json = JSON.stringify(
      { kafka: { brokers: ['a:9092'] }, destinations: [{ name: 'one', sink: { apiKey: 'k' } }] },
      null,
      '\t',
    )
    expect(parse(json)).toEqual(minimalConfig)
  })

  test.each([
    ['a list', '[a:1, "[::1]:2"]', ['a:1', '[::1]:2']],
    ['one text with commas', '"a:1, b.example.org:2"', ['a:1', 'b.example.org:2']],
  ])('takes brokers as %s', (_, yaml, brokers) => {
    expect(parse(`kafka: {brokers: ${yaml}}\ndestinations: [{name: one}]`).kafka.brokers).toEqual(brokers)
  })

  test.each([
    ['nothing', '', 'https://cdp.customer.io/v1'],
    ['region us', 'region: us,', 'https://cdp.customer.io/v1'],
    ['region eu', 'region: eu,', 'https://cdp-eu.customer.io/v1'],
    ['a url with a closing slash', 'url: "http://127.0.0.1:8080/v1/",', 'http://127.0.0.1:8080/v1'],
  ])('forwards to the right address for %s', (_, yaml, url) => {
    const config = parse(`kafka: {brokers: "a:1"}\ndestinations: [{name: one, sink: {${yaml} apiKey: k}}]`)
    expect(config.destinations[0]?.sink?.url).toBe(url)
  })

  test('leaves the address of an endpoint that is none of Pipelines as it is', () => {
    const sink = 'format: ndjson, url: "https://x.example.org/v1/batch/", auth: {type: none}'
    const config = parse(`kafka: {brokers: "a:1"}\ndestinations: [{name: one, sink: {${sink}}}]`)
    expect(config.destinations[0]?.sink?.url).toBe('https://x.example.org/v1/batch/')
  })

  test('has a server with defaults for an empty http mapping', () => {
    expect(parse(`${minimal}http: {}`).http).toEqual({ host: '127.0.0.1', port: 8_080 })
  })

  test('names files relative to its own directory', () => {
    write('key.txt', 'sk\n')
    const text = 'kafka: {brokers: "a:1"}\ndestinations: [{name: one, sink: {apiKeyFile: key.txt}}]'
    const config = parseConfig(text, { path: join(directory, 'trackbridge.yaml'), env: {} })
    expect(config.destinations[0]?.sink?.apiKeyFile).toBe(join(directory, 'key.txt'))
  })
})

const clientId = (text: string, env: Record<string, string>) =>
  parse(`kafka: {brokers: "a:1", clientId: '${text}'}\ndestinations: [{name: one}]`, env).kafka.clientId

describe('the environment', () => {
  test.each([
    ['a variable', '${A}', { A: 'x' }, 'x'],
    ['several in one text', '${A}-${B}', { A: 'x', B: 'y' }, 'x-y'],
    ['a default for an absent variable', '${A:-d:-e}', {}, 'd:-e'],
    ['a default for an empty variable', '${A:-d}', { A: '' }, 'd'],
    ['no default where there is a value', '${A:-d}', { A: 'x' }, 'x'],
    ['a doubled dollar as a plain one', '$${A}', { A: 'x' }, '${A}'],
    ['values once, not again', '${A}', { A: '${B}', B: 'y' }, '${B}'],
    ['digits as text where text is wanted', '${A}', { A: '42' }, '42'],
    ['an empty value as an absent key', '${A:-}', {}, 'trackbridge'],
  ])('fills in %s', (_, text, env: Record<string, string>, value) => {
    expect(clientId(text, env)).toBe(value)
  })

  test('becomes a number or a boolean where the schema wants one', () => {
    const text = `${minimal}http: {port: "\${PORT}"}\ntopics: {replicationFactor: "\${COPIES}"}`
    const config = parse(text.replace('"a:9092"', '"a:1", ssl: "${TLS}"'), { PORT: '9', COPIES: '-1', TLS: 'true' })
    expect([config.http, config.topics.replicationFactor, config.kafka.ssl]).toEqual([
      { host: '127.0.0.1', port: 9 },
      -1,
      true,
    ])
  })
})

test.each([
  ['{}', { topic: 'cio.pipelines.one.backfill', requestsPerSecond: 50 }, ''],
  ['{topic: again}', { topic: 'again', requestsPerSecond: 10 }, 'limits: {requestsPerSecond: 100}, '],
  ['{}', { topic: 'cio.pipelines.one.backfill', requestsPerSecond: 300 }, 'limits: {requestsPerSecond: 3000}, '],
  ['{requestsPerSecond: 7}', { topic: 'cio.pipelines.one.backfill', requestsPerSecond: 7 }, ''],
])('backfill: %s gives the lane %j', (yaml, lane, sink) => {
  const config = parse(
    `kafka: {brokers: "a:1"}\ndestinations: [{name: one, backfill: ${yaml}, sink: {${sink}apiKey: k}}]`,
  )
  expect(config.destinations[0]?.backfill).toEqual(lane)
})

describe('a faulty configuration', () => {
  test.each([...faultyConfigs, ...faultySinks])('tells all about $name', ({ yaml, env, lines }) => {
    const error = failure(() => parse(yaml, env))
    const count = lines.length === 1 ? '1 fault' : `${lines.length} faults`
    expect(error.code).toBe('TB_CONFIG_INVALID')
    expect(error.message.split('\n')).toEqual([
      `${count} in /etc/trackbridge.yaml`,
      ...lines.map((line) => `  ${line}`),
    ])
  })

  test('never shows a secret', () => {
    const secrets = Array.from({ length: 15 }, (_, index) => `kkk${index + 1}`)
    const text = `kafka: {brokers: a:1, sasl: {mechanism: plain, username: [], password: [kkk1], secret: kkk2}, ssl: {passphrase: {x: kkk3}}}
destinations:
  - {name: a, apiKey: kkk4, sink: {apiKeyFile: kkk5, url: "https://u:kkk6@cdp.customer.io/v1"}}
  - {name: b, sink: {auth: {type: bearer, token: [kkk7]}, headers: {authorization: kkk8, x-a: "kkk9\\n"}}}
  - {name: c, sink: {auth: kkk10, headers: kkk11, passphrase: [kkk12]}}
  - {name: d, sink: {auth: {type: basic, username: u, password: {a: kkk13}}, url: "https://u:kkk14@x.org/batch"}}
  - {name: e, sink: {auth: {type: none, token: kkk15}}}`
    const { message } = failure(() => parse(text))
    expect(secrets.filter((secret) => message.includes(secret))).toEqual([])
    expect(failure(() => parse('kkk1')).message).not.toContain('kkk1')
    expect(failure(() => parse('kafka: {sasl: kkk1}')).message).not.toContain('kkk1')
    expect(failure(() => parse('a: [kkk1\nb: "kkk1')).message).not.toContain('kkk1')
  })
})

describe('a configuration that cannot be read', () => {
  test.each([
    [
      'broken YAML',
      'kafka:\n  brokers: [a\nraw: "x',
      [
        'line 3, column 1: Flow sequence in block collection must be sufficiently indented and end with a ]',
        'line 3, column 8: Missing closing "quote',
      ],
    ],
    ['a key twice', 'kafka: {}\nraw: {}\nkafka: {}', ['line 3, column 1: Map keys must be unique']],
    [
      'an alias bomb',
      'a: &a [1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c]',
      ['Excessive alias count indicates a resource exhaustion attack'],
    ],
  ])('names line and column: %s', (_, text, lines) => {
    const error = failure(() => parse(text))
    expect(error.code).toBe('TB_CONFIG_UNREADABLE')
    expect(error.message).toBe(['/etc/trackbridge.yaml is neither YAML nor JSON', ...lines].join('\n  '))
  })

  test('says how to name the file when there is none', () => {
    const error = failure(() => loadConfig({ env: {}, cwd: directory }))
    expect([error.code, error.message]).toEqual([
      'TB_CONFIG_UNREADABLE',
      `${join(directory, 'trackbridge.yaml')} does not exist; name the file with --config FILE or TRACKBRIDGE_CONFIG, or put trackbridge.yaml in this directory`,
    ])
  })
})

describe('the path of the configuration', () => {
  test.each([
    ['--config before all', { path: 'a.yaml', env: { TRACKBRIDGE_CONFIG: 'b.yaml' } }, '/here/a.yaml'],
    ['TRACKBRIDGE_CONFIG next', { env: { TRACKBRIDGE_CONFIG: '/etc/b.yaml' } }, '/etc/b.yaml'],
    ['trackbridge.yaml at last', { env: {} }, '/here/trackbridge.yaml'],
  ])('is %s', (_, options, path) => {
    expect(configPath({ ...options, cwd: '/here' })).toBe(path)
  })

  test('is where loadConfig reads', () => {
    const path = write('named.yaml', minimal)
    expect(loadConfig({ env: { TRACKBRIDGE_CONFIG: path } })).toEqual(minimalConfig)
  })
})
