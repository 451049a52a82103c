import { describe, expect, test } from 'vitest'
import { judgeProbe, type ProbeAnswer } from '../../src/cli/checks.ts'
import { TrackbridgeError } from '../../src/errors.ts'
import type { Admin } from '../../src/kafka/broker.ts'
import { createMemoryBroker } from '../support/memory-broker.ts'
import { configFile, runCommand } from './run-command.ts'

const url = 'https://cdp.customer.io/v1'
const document = {
  kafka: { brokers: 'a:9092' },
  destinations: [{ name: 'api', sink: { apiKey: 'k' } }, { name: 'warehouse' }],
}
const own = { 'message.timestamp.type': 'LogAppendTime' }
const topics = ['cio.pipelines.api', 'cio.pipelines.warehouse', 'cio.dead-letters', 'cio.unsupported']

function cluster(without: readonly string[] = []) {
  const broker = createMemoryBroker()
  broker.createTopic('cio.track.raw', 2, { 'retention.ms': '1000' })
  for (const name of topics) if (!without.includes(name)) broker.createTopic(name, 2, own)
  return broker
}

const answering = (answer: ProbeAnswer) => async (): Promise<ProbeAnswer> => answer

const fine = [
  '✓ Kafka: reached, 1 broker',
  '✓ topic cio.track.raw: exists with the right partitions and settings',
  '✓ topic cio.pipelines.api: exists with the right partitions and settings',
  '✓ topic cio.pipelines.warehouse: exists with the right partitions and settings',
  '✓ topic cio.dead-letters: exists with the right partitions and settings',
  '✓ topic cio.unsupported: exists with the right partitions and settings',
  '✓ group trackbridge.process: committed offsets of cio.track.raw: none, so it begins at the earliest record',
  '✓ group trackbridge.sink.api: committed offsets of cio.pipelines.api: none, so it begins at the earliest record',
  `✓ API of api: ${url} is reached and takes the API key`,
]

describe('check', () => {
  test('prints ticks and exits 0 when all is well, and leaves nothing open', async () => {
    const broker = cluster()
    const path = configFile(document)
    const parts = { createBroker: async () => broker, probe: answering({ status: 400 }) }
    const { exitCode, stdout, stderr } = await runCommand(['check', '--config', path], parts)
    expect(stdout.trimEnd().split('\n')).toEqual([`✓ configuration: ${path} is valid, 2 destinations`, ...fine])
    expect([exitCode, stderr, broker.open()]).toEqual([0, '', 0])
  })

  test('passes with a warning', async () => {
    const broker = cluster(['cio.unsupported'])
    broker.createTopic('cio.unsupported', 2, { ...own, 'cleanup.policy': 'compact' })
    const parts = { createBroker: async () => broker, probe: answering({ status: 200 }) }
    const { exitCode, stdout } = await runCommand(['check', '--config', configFile(document)], parts)
    expect(stdout).toContain(
      '! topic cio.unsupported: is compacted: Kafka keeps only the last record of each key; mend it',
    )
    expect(exitCode).toBe(0)
  })

  test('says what a missing topic would be created with and leaves out what depends on it', async () => {
    const broker = cluster(['cio.pipelines.api'])
    const parts = { createBroker: async () => broker, probe: answering({ status: 200 }) }
    const { exitCode, stdout } = await runCommand(['check', '--config', configFile(document)], parts)
    const lines = stdout.split('\n')
    const at = lines.indexOf('✗ topic cio.pipelines.api: does not exist; it needs 2 partitions')
    expect(lines[at + 1]).toBe(
      '    kafka-topics.sh --bootstrap-server a:9092 --create --topic cio.pipelines.api --partitions 2 --config message.timestamp.type=LogAppendTime',
    )
    expect(lines).toContain('- group trackbridge.sink.api: not checked: cio.pipelines.api does not exist')
    expect(exitCode).toBe(1)
  })

  test('says why Kafka is not reached, skips what needs it, and still asks the API', async () => {
    const cause = new TrackbridgeError('TB_KAFKA_UNAVAILABLE', 'a:9092 does not answer')
    const parts = { createBroker: () => Promise.reject(cause), probe: answering({ status: 401 }) }
    const { exitCode, stdout, stderr } = await runCommand(['check', '--config', configFile(document)], parts)
    expect(stdout.trimEnd().split('\n').slice(1)).toEqual([
      '✗ Kafka: a:9092 does not answer',
      ...['cio.track.raw', ...topics].map((name) => `- topic ${name}: not checked: Kafka is not reached`),
      '- group trackbridge.process: not checked: Kafka is not reached',
      '- group trackbridge.sink.api: not checked: Kafka is not reached',
      `✗ API of api: ${url} answers 401: the API key is refused`,
    ])
    expect([exitCode, stderr]).toEqual([1, ''])
  })

  test.each([
    ['topics', 'topics' as const, '✗ topic cio.track.raw: not authorised'],
    ['group offsets', 'groupOffsets' as const, '✗ group trackbridge.process: not authorised'],
  ])('names what may not be read: %s', async (_, method, line) => {
    const broker = cluster()
    const denied = async (): Promise<Admin> => ({
      ...(await broker.admin()),
      [method]: () => Promise.reject(new TrackbridgeError('TB_KAFKA_UNAUTHORIZED', 'not authorised')),
    })
    const parts = { createBroker: async () => ({ ...broker, admin: denied }), probe: answering({ status: 200 }) }
    const { exitCode, stdout } = await runCommand(['check', '--config', configFile(document)], parts)
    expect(stdout.split('\n').filter((found) => found.startsWith('✗'))).toContain(line)
    expect(stdout).toContain('group trackbridge.sink.api')
    expect(exitCode).toBe(1)
  })

  test('prints the same as JSON', async () => {
    const path = configFile(document)
    const parts = { createBroker: async () => cluster(), probe: answering({ networkError: 'ECONNREFUSED' }) }
    const { exitCode, stdout } = await runCommand(['check', '--json', '--config', path], parts)
    const items = fine.slice(0, -1).map((line) => {
      const [, name, detail] = /^✓ ([^:]+): (.*)$/.exec(line) ?? []
      return { name, state: 'ok', details: [detail] }
    })
    expect(JSON.parse(stdout)).toEqual({
      ok: false,
      items: [
        { name: 'configuration', state: 'ok', details: [`${path} is valid, 2 destinations`] },
        ...items,
        { name: 'API of api', state: 'failed', details: [`${url} is not reached: ECONNREFUSED`] },
      ],
    })
    expect(exitCode).toBe(1)
  })

  test('ends at once with the code of the signal when it is interrupted', async () => {
    const interruption = new AbortController()
    const parts = {
      signal: interruption.signal,
      createBroker: async () => cluster(),
      probe: () => {
        interruption.abort(new Error('SIGTERM'))
        return new Promise<ProbeAnswer>(() => undefined)
      },
    }
    const { exitCode, stdout, stderr } = await runCommand(['check', '--config', configFile(document)], parts)
    expect([exitCode, stdout, stderr]).toEqual([143, '', ''])
  })
})

test.each<[string, ProbeAnswer, 'ok' | 'failed', string]>([
  ['200 proves the key', { status: 200 }, 'ok', `${url} is reached and takes the API key`],
  [
    '400 proves the key: only the empty batch is refused',
    { status: 400 },
    'ok',
    `${url} is reached and takes the API key`,
  ],
  ['401 refuses the key', { status: 401 }, 'failed', `${url} answers 401: the API key is refused`],
  ['403 refuses the key', { status: 403 }, 'failed', `${url} answers 403: the API key is refused`],
  [
    'a redirect is no API',
    { status: 301 },
    'failed',
    `${url} answers 301: it redirects; name the final address in url`,
  ],
  ['404 is no API', { status: 404 }, 'failed', `${url} answers 404: no Pipelines API is there`],
  ['500 proves nothing', { status: 500 }, 'failed', `${url} answers 500`],
  ['a network error proves nothing', { networkError: 'ENOTFOUND' }, 'failed', `${url} is not reached: ENOTFOUND`],
])('an answer to the empty batch is judged: %s', (_, answer, state, detail) => {
  expect(judgeProbe(answer, { url, format: 'pipelines' })).toEqual({ state, details: [detail] })
})

const reached = `${url} is reached; only the first batch shows whether it takes messages and credentials`

test.each<[ProbeAnswer, 'ok' | 'failed', string]>([
  [{ status: 204 }, 'ok', reached],
  [{ status: 401 }, 'ok', reached],
  [{ status: 405 }, 'ok', reached],
  [{ status: 407 }, 'failed', `${url} answers 407: the proxy wants a user name and password`],
  [{ networkError: 'ECONNREFUSED' }, 'failed', `${url} is not reached: ECONNREFUSED`],
])('an endpoint that is none of Pipelines is only reached: %j', (answer, state, detail) => {
  for (const format of ['ndjson', 'json-array'] as const)
    expect(judgeProbe(answer, { url, format })).toEqual({ state, details: [detail] })
})
