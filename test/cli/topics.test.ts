import { describe, expect, test } from 'vitest'
import { createMemoryBroker } from '../support/memory-broker.ts'
import { configFile, runCommand } from './run-command.ts'

const document = { kafka: { brokers: 'a:9092' }, destinations: [{ name: 'one' }] }
const own = { 'message.timestamp.type': 'LogAppendTime' }

function cluster() {
  const broker = createMemoryBroker()
  broker.createTopic('cio.track.raw', 2, { 'retention.ms': '1000' })
  broker.createTopic('cio.dead-letters', 2, { 'message.timestamp.type': 'CreateTime', 'retention.ms': '3600000' })
  return broker
}

const create = (name: string) =>
  `kafka-topics.sh --bootstrap-server a:9092 --create --topic ${name} --partitions 2 --config message.timestamp.type=LogAppendTime`
const warning =
  'has CreateTime and a retention of 1 hour: replayed records older than that are deleted within minutes; mend it with: kafka-configs.sh --bootstrap-server a:9092 --alter --entity-type topics --entity-name cio.dead-letters --add-config message.timestamp.type=LogAppendTime'

describe('topics plan', () => {
  test('prints every topic and the commands for the missing ones, exits 1, and creates nothing', async () => {
    const broker = cluster()
    const argv = ['topics', 'plan', '--config', configFile(document)]
    const { exitCode, stdout, stderr } = await runCommand(argv, { createBroker: async () => broker })
    expect(stdout.trimEnd().split('\n')).toEqual([
      '✓ cio.track.raw: ok',
      '✗ cio.pipelines.one: does not exist',
      `    ${create('cio.pipelines.one')}`,
      `! cio.dead-letters: ${warning}`,
      '✗ cio.unsupported: does not exist',
      `    ${create('cio.unsupported')}`,
    ])
    expect([exitCode, stderr, broker.open()]).toEqual([1, '', 0])
    const admin = await broker.admin()
    expect([...(await admin.topics(['cio.pipelines.one', 'cio.unsupported'])).keys()]).toEqual([])
  })

  test('prints the same as JSON', async () => {
    const argv = ['topics', 'plan', '--json', '--config', configFile(document)]
    const { stdout } = await runCommand(argv, { createBroker: async () => cluster() })
    const result = JSON.parse(stdout) as { topics: readonly unknown[] }
    expect(result.topics[1]).toEqual({
      name: 'cio.pipelines.one',
      role: 'destination',
      state: 'missing',
      created: false,
      details: ['does not exist'],
      command: create('cio.pipelines.one'),
    })
    expect(result.topics).toHaveLength(4)
  })
})

describe('topics apply', () => {
  test('creates the missing topics with the right settings, leaves the others alone, and exits 0', async () => {
    const broker = cluster()
    const argv = ['topics', 'apply', '--config', configFile(document)]
    const { exitCode, stdout } = await runCommand(argv, { createBroker: async () => broker })
    expect(stdout.trimEnd().split('\n')).toEqual([
      '✓ cio.track.raw: ok',
      '✓ cio.pipelines.one: created',
      `! cio.dead-letters: ${warning}`,
      '✓ cio.unsupported: created',
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

  test('cannot mend a topic with too few partitions, says how to, and exits 1', async () => {
    const broker = cluster()
    broker.createTopic('cio.pipelines.one', 1, own)
    const argv = ['topics', 'apply', '--config', configFile(document)]
    const { exitCode, stdout } = await runCommand(argv, { createBroker: async () => broker })
    expect(stdout).toContain(
      '✗ cio.pipelines.one: has 1 partition, but the raw topic has 2 and partitioning is source; mend it with: kafka-topics.sh --bootstrap-server a:9092 --alter --topic cio.pipelines.one --partitions 2\n',
    )
    expect(exitCode).toBe(1)
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
