import { describe, expect, test } from 'vitest'
import { createMemoryBroker } from '../../support/memory-broker.ts'
import { configFile, runCommand } from '../run/run-command.ts'

const document = { kafka: { brokers: 'a:9092' }, destinations: [{ name: 'one' }] }
const own = { 'message.timestamp.type': 'LogAppendTime' }

function cluster() {
  const broker = createMemoryBroker()
  broker.createTopic('cio.track.raw', 2, { 'retention.ms': '1000' })
  broker.createTopic('cio.dead-letters', 2, { 'message.timestamp.type': 'CreateTime', 'retention.ms': '3600000' })
  return broker
}

const run = (broker: ReturnType<typeof createMemoryBroker>, ...argv: readonly string[]) =>
  runCommand(['topics', ...argv, '--config', configFile(document)], { createBroker: async () => broker })

const create = (name: string) =>
  `kafka-topics.sh --bootstrap-server a:9092 --create --topic ${name} --partitions 2 --config message.timestamp.type=LogAppendTime`
const what = 'has CreateTime and a retention of 1 hour: replayed records older than that are deleted within minutes'
const spec = "    partitions 2, replication factor the cluster's, message.timestamp.type LogAppendTime"
const differing = [
  '    message.timestamp.type: CreateTime -> LogAppendTime',
  `      ${what}`,
  '      trackbridge topics apply --alter changes it',
]

describe('topics plan', () => {
  test('prints every topic with what would be done about it, exits 1 when one is missing, and changes nothing', async () => {
    const broker = cluster()
    const { exitCode, stdout, stderr } = await run(broker, 'plan')
    expect(stdout.split('\n')).toEqual([
      '= cio.track.raw: as wanted',
      '+ cio.pipelines.one: does not exist',
      spec,
      `    ${create('cio.pipelines.one')}`,
      '~ cio.dead-letters',
      ...differing,
      '+ cio.unsupported: does not exist',
      spec,
      `    ${create('cio.unsupported')}`,
      '',
      '4 topics: 2 to create, 1 to change with --alter, 1 as wanted',
      '',
    ])
    expect([exitCode, stderr, broker.open()]).toEqual([1, '', 0])
    const admin = await broker.admin()
    expect([...(await admin.topics(['cio.pipelines.one', 'cio.unsupported'])).keys()]).toEqual([])
  })

  test('prints the same as JSON', async () => {
    const { stdout } = await run(cluster(), 'plan', '--json')
    const result = JSON.parse(stdout) as { topics: readonly unknown[] }
    expect(result.topics.slice(1, 3)).toEqual([
      {
        name: 'cio.pipelines.one',
        role: 'destination',
        state: 'missing',
        action: 'create',
        created: false,
        changed: [],
        details: ['does not exist'],
        differences: [],
        command: create('cio.pipelines.one'),
      },
      {
        name: 'cio.dead-letters',
        role: 'dead-letters',
        state: 'warning',
        action: 'alter',
        created: false,
        changed: [],
        details: [
          `${what}; mend it with: kafka-configs.sh --bootstrap-server a:9092 --alter --entity-type topics --entity-name cio.dead-letters --add-config message.timestamp.type=LogAppendTime`,
        ],
        differences: [
          {
            subject: 'message.timestamp.type',
            gravity: 'warning',
            what,
            is: 'CreateTime',
            wanted: 'LogAppendTime',
            alterable: true,
            leftBecause: null,
            command:
              'kafka-configs.sh --bootstrap-server a:9092 --alter --entity-type topics --entity-name cio.dead-letters --add-config message.timestamp.type=LogAppendTime',
          },
        ],
        command: create('cio.dead-letters'),
      },
    ])
    expect(result.topics).toHaveLength(4)
  })

  test('exits 0 for mere differences, and 1 with --exit-code', async () => {
    const broker = cluster()
    await run(broker, 'apply')
    expect((await run(broker, 'plan')).exitCode).toBe(0)
    expect((await run(broker, 'plan', '--exit-code')).exitCode).toBe(1)
    await run(broker, 'apply', '--alter')
    expect((await run(broker, 'plan', '--exit-code')).exitCode).toBe(0)
  })
})

describe('topics apply', () => {
  test('creates the missing topics with the right settings, leaves the others alone, and exits 0', async () => {
    const broker = cluster()
    const { exitCode, stdout } = await run(broker, 'apply')
    expect(stdout.split('\n')).toEqual([
      '= cio.track.raw: as wanted',
      '= cio.pipelines.one: created',
      '~ cio.dead-letters',
      ...differing,
      '= cio.unsupported: created',
      '',
      '4 topics: 2 created, 1 to change with --alter, 3 as wanted',
      '',
    ])
    expect(exitCode).toBe(0)
    const admin = await broker.admin()
    const found = await admin.topics(['cio.pipelines.one', 'cio.dead-letters'])
    const facts = [...found.values()].map(({ name, partitions, settings }) => [name, partitions, settings])
    expect(facts).toEqual([
      ['cio.pipelines.one', 2, own],
      ['cio.dead-letters', 2, { 'message.timestamp.type': 'CreateTime', 'retention.ms': '3600000' }],
    ])
  })

  test('with --alter changes what loses nothing, says what, and leaves other settings alone', async () => {
    const broker = cluster()
    const { exitCode, stdout } = await run(broker, 'apply', '--alter')
    expect(stdout.split('\n')).toEqual([
      '= cio.track.raw: as wanted',
      '= cio.pipelines.one: created',
      '= cio.dead-letters: changed',
      '    message.timestamp.type: CreateTime -> LogAppendTime',
      '= cio.unsupported: created',
      '',
      '4 topics: 2 created, 1 changed, 4 as wanted',
      '',
    ])
    expect(exitCode).toBe(0)
    const found = await (await broker.admin()).topics(['cio.dead-letters'])
    expect(found.get('cio.dead-letters')?.settings).toEqual({ ...own, 'retention.ms': '3600000' })
  })

  test('adds no partitions to a destination, not even with --alter, says why and how, and exits 1', async () => {
    const broker = cluster()
    broker.createTopic('cio.pipelines.one', 1, own)
    const { exitCode, stdout } = await run(broker, 'apply', '--alter')
    expect(stdout).toContain(
      [
        '✗ cio.pipelines.one',
        '    partitions: 1 -> 2',
        '      has 1 partition, but the raw topic has 2 and partitioning is source',
        '      left to you: consumers of your own may count on the partitions of today: add them when those know',
        '      kafka-topics.sh --bootstrap-server a:9092 --alter --topic cio.pipelines.one --partitions 2',
        '',
      ].join('\n'),
    )
    expect(exitCode).toBe(1)
    const found = await (await broker.admin()).topics(['cio.pipelines.one'])
    expect(found.get('cio.pipelines.one')?.partitions).toBe(1)
  })

  test('says what Kafka said when it fails', async () => {
    const argv = ['topics', 'apply', '--config', configFile(document)]
    const { exitCode, stdout, stderr } = await runCommand(argv, {})
    expect([exitCode, stdout, stderr]).toEqual([
      1,
      '',
      'error: no broker in this test\n  run it again with --log-level debug for the stack\n',
    ])
  })
})
