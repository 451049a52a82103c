import { describe, expect, test } from 'vitest'
import type { ProbeAnswer } from '../../../src/cli/check/check-api.ts'
import { TrackbridgeError } from '../../../src/errors.ts'
import type { Admin } from '../../../src/kafka/broker.ts'
import { amiss, answering, check, cluster, document, own, topics } from '../run/run-check.ts'
import { configFile, runCommand } from '../run/run-command.ts'

const url = 'https://cdp.customer.io/v1'

const fine = [
  'Kafka',
  '✓ brokers: 1 broker, Kafka 4.1',
  '✓ session time-out: kafka.sessionTimeoutMs is 15 seconds; the brokers allow it',
  '✓ transactions: kafka.transactionTimeoutMs is 30 seconds; the brokers allow it and have enabled the newer protocol',
  'Topics',
  '✓ topic cio.track.raw: 2 partitions, as wanted; Read allowed',
  '✓ topic cio.pipelines.api: 2 partitions, as wanted; Write and Read allowed',
  '✓ topic cio.pipelines.warehouse: 2 partitions, as wanted; Write allowed',
  '✓ topic cio.dead-letters: 2 partitions, as wanted; Write allowed',
  '✓ topic cio.unsupported: 2 partitions, as wanted; Write allowed',
  'Groups',
  '✓ group trackbridge.process: committed offsets of cio.track.raw: none, so it begins at the earliest record; at most 0 unread; 0 live members',
  '✓ group trackbridge.sink.api: committed offsets of cio.pipelines.api: none, so it begins at the earliest record; at most 0 unread; 0 live members',
  'API',
  `✓ API of api: ${url} is reached and takes the API key`,
]

describe('check', () => {
  test('prints ticks and exits 0 when all is well, and leaves nothing open', async () => {
    const broker = cluster()
    const { path, exitCode, stdout, stderr } = await check(broker)
    const valid = `✓ file: ${path} is valid, 2 destinations`
    expect(stdout.split('\n')).toEqual(['Configuration', valid, ...fine, '', '0 faults, 0 warnings', ''])
    expect([exitCode, stderr, broker.open()]).toEqual([0, '', 0])
  })

  test('passes with a warning', async () => {
    const broker = cluster(['cio.unsupported'])
    broker.createTopic('cio.unsupported', 2, { ...own, 'cleanup.policy': 'compact' })
    const { exitCode, stdout } = await check(broker)
    expect(amiss(stdout)).toEqual([
      '! topic cio.unsupported: is compacted: Kafka keeps only the last record of each key',
      '    → kafka-configs.sh --bootstrap-server a:9092 --alter --entity-type topics --entity-name cio.unsupported --add-config cleanup.policy=delete',
    ])
    expect([stdout.split('\n').at(-2), exitCode]).toEqual(['0 faults, 1 warning', 0])
  })

  test('says what a missing topic would be created with and leaves out what depends on it', async () => {
    const { exitCode, stdout } = await check(cluster(['cio.pipelines.api']))
    expect(amiss(stdout)).toEqual([
      '✗ topic cio.pipelines.api: does not exist; it needs 2 partitions',
      '    → trackbridge topics apply',
      '    or kafka-topics.sh --bootstrap-server a:9092 --create --topic cio.pipelines.api --partitions 2 --config message.timestamp.type=LogAppendTime',
      '- group trackbridge.sink.api: not checked: cio.pipelines.api does not exist',
    ])
    expect([stdout.split('\n').at(-2), exitCode]).toEqual(['1 fault, 0 warnings, 1 not checked', 1])
  })

  test('says why Kafka is not reached, skips what needs it, and still asks the API', async () => {
    const cause = new TrackbridgeError('TB_KAFKA_UNAVAILABLE', 'a:9092 does not answer')
    const parts = { createBroker: () => Promise.reject(cause), probe: answering({ status: 401 }) }
    const { exitCode, stdout, stderr } = await runCommand(['check', '--config', configFile(document)], parts)
    expect(amiss(stdout)).toEqual([
      '✗ brokers: a:9092 does not answer',
      '    → look at kafka.brokers, kafka.ssl, kafka.sasl and the firewall between',
      ...['cio.track.raw', ...topics].map((name) => `- topic ${name}: not checked: Kafka is not reached`),
      '- group trackbridge.process: not checked: Kafka is not reached',
      '- group trackbridge.sink.api: not checked: Kafka is not reached',
      `✗ API of api: ${url} answers 401: the API key is refused`,
      '    → put the API key of the Pipelines source into apiKey or apiKeyFile; region or url must be that of its account',
    ])
    expect([exitCode, stderr]).toEqual([1, ''])
  })

  test('gives up on Kafka after --timeout and says so', async () => {
    const slept: number[] = []
    const broker = cluster()
    const admin = async (): Promise<Admin> => ({
      ...(await broker.admin()),
      topics: () => new Promise(() => undefined),
    })
    const parts = {
      clock: { now: () => 0, sleep: async (ms: number) => void slept.push(ms) },
      createBroker: async () => ({ ...broker, admin }),
      probe: answering({ status: 200 }),
    }
    const argv = ['check', '--config', configFile(document), '--timeout', '7']
    const { exitCode, stdout } = await runCommand(argv, parts)
    expect(amiss(stdout)[0]).toBe('✗ brokers: cannot check Kafka: no answer within 7000 ms')
    expect([slept, exitCode]).toEqual([[7000], 1])
  })

  test.each([
    ['process', ['cio.track.raw', ...topics], ['group trackbridge.process'], false],
    ['sink', ['cio.pipelines.api', 'cio.dead-letters'], ['group trackbridge.sink.api'], true],
  ])('looks only at what %s needs with --for', async (command, named, groups, asksApi) => {
    const { stdout } = await check(cluster(), undefined, '--for', command, '--json')
    const { items } = JSON.parse(stdout) as { items: readonly { section: string; name: string }[] }
    const of = (section: string) => items.filter((item) => item.section === section).map(({ name }) => name)
    expect(of('Topics')).toEqual(named.map((name) => `topic ${name}`))
    expect(of('Groups')).toEqual(groups)
    expect(of('API')).toEqual(asksApi ? ['API of api'] : [])
  })

  test.each([
    ['cluster', 'cluster' as const, '✗ brokers: not authorised'],
    ['topics', 'topics' as const, '✗ topic cio.track.raw: not authorised'],
    ['standings', 'standings' as const, '✗ topics: not authorised'],
    ['group', 'group' as const, '✗ group trackbridge.process: may not even be described'],
    ['group offsets', 'groupOffsets' as const, '✗ group trackbridge.process: not authorised'],
  ])('names what may not be asked, and goes on: %s', async (_, method, line) => {
    const denied = (): Partial<Admin> => ({
      [method]: () => Promise.reject(new TrackbridgeError('TB_KAFKA_UNAUTHORIZED', 'not authorised')),
    })
    const { exitCode, stdout } = await check(cluster(), denied)
    expect(amiss(stdout)).toContain(line)
    expect(stdout).toContain('group trackbridge.sink.api')
    expect(exitCode).toBe(1)
  })

  test('looks at what a sink needs with the rights of a sink, to which the other topics are closed', async () => {
    const closed = new Set(['cio.track.raw', 'cio.unsupported'])
    const rightsOfSink = (admin: Admin): Partial<Admin> => ({
      topics: (names) => {
        const asked = names.find((name) => closed.has(name))
        if (asked === undefined) return admin.topics(names)
        return Promise.reject(new TrackbridgeError('TB_KAFKA_UNAUTHORIZED', `${asked} is closed`))
      },
      standings: async (names) =>
        new Map([
          ...(await admin.standings(names)),
          ...names.filter((name) => closed.has(name)).map((name) => [name, 'denied'] as const),
        ]),
    })
    const { exitCode, stdout } = await check(cluster(), rightsOfSink, '--for', 'sink')
    expect([amiss(stdout), exitCode]).toEqual([[], 0])
  })

  test('prints the same as JSON', async () => {
    const { path, exitCode, stdout } = await check(cluster(), undefined, '--json')
    let section = 'Configuration'
    const items = [`✓ file: ${path} is valid, 2 destinations`, ...fine].flatMap((line) => {
      const [, name, detail] = /^✓ ([^:]+): (.*)$/.exec(line) ?? []
      if (name === undefined) section = line
      return name === undefined ? [] : [{ section, name, state: 'ok', details: [detail], toDo: [] }]
    })
    expect(JSON.parse(stdout)).toEqual({ ok: true, faults: 0, warnings: 0, items })
    expect(exitCode).toBe(0)
  })

  test('refuses a time-out that is none', async () => {
    const { exitCode, stderr } = await check(cluster(), undefined, '--timeout', '0')
    expect(stderr).toContain(
      "option '--timeout <seconds>' argument '0' is invalid. Allowed: whole numbers from 1 to 3600.",
    )
    expect(exitCode).toBe(2)
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
