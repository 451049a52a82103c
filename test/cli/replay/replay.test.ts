import { expect, test } from 'vitest'
import { createMemoryBroker } from '../../support/memory-broker.ts'
import { configFile, runCommand } from '../run/run-command.ts'

const document = {
  kafka: { brokers: 'kafka:9092', prefix: 'tb' },
  raw: { topic: 'raw' },
  destinations: [{ name: 'main', topic: 'main', backfill: {}, sink: { apiKey: 'k' } }],
  deadLetters: { topic: 'dlq' },
  unsupported: { topic: 'unsupported' },
}

function kafka(topics = ['raw', 'main', 'main.backfill', 'dlq', 'unsupported']) {
  const broker = createMemoryBroker()
  for (const topic of topics) broker.createTopic(topic, 2, { 'message.timestamp.type': 'LogAppendTime' })
  const run = (...argv: readonly string[]) =>
    runCommand(['replay', '--config', configFile(document), ...argv], { createBroker: async () => broker })
  return { broker, run }
}

const event = { source: 'web', type: 'person', action: 'event', identifiers: { id: '7' }, name: 'A' }
const calls = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    topic: 'raw',
    partition: index % 2,
    timestamp: Date.UTC(2026, 10, 21),
    value: JSON.stringify(event),
  }))

test('a window is replayed to its end, told as JSON, and done for good', async () => {
  const { broker, run } = kafka()
  broker.append(calls(6))
  const argv = ['--name', 'spring', '--from', 'earliest', '--json']
  const first = await run(...argv)
  expect(JSON.parse(first.stdout)).toMatchObject({
    name: 'spring',
    isDone: true,
    offsets: 6,
    outcomes: { raw: 6, translated: 6, deadLetters: 0 },
    written: { 'main.backfill': 6 },
  })
  expect(first.exitCode).toBe(0)
  const second = await run(...argv)
  expect([second.exitCode, JSON.parse(second.stdout)]).toMatchObject([
    0,
    { isDone: true, wasDone: true, doneOffsets: 6 },
  ])
  expect([broker.stored('main.backfill').length, broker.stored('main').length, broker.open()]).toEqual([6, 0, 0])
})

test('arguments that differ from those it was begun with are refused, those that are left out are not', async () => {
  const { broker, run } = kafka()
  broker.append(calls(4))
  await run('--name', 'spring', '--from', 'earliest', '--filter', 'partition=1', '--json')
  const { exitCode, stderr } = await run('--name', 'spring', '--from', 'earliest', '--filter', 'type=track')
  expect([exitCode, stderr]).toEqual([
    2,
    expect.stringMatching(
      /^error TB_USAGE: replay "spring" was begun on \S+ with --filter partition=1, and now it is type=track: leave it out/,
    ),
  ])
  const named = await run('--name', 'spring')
  expect([named.exitCode, named.stdout]).toEqual([
    0,
    expect.stringMatching(/: done since \S+; nothing is to be written/),
  ])
  expect([broker.stored('main.backfill').length, broker.open()]).toEqual([2, 0])
})

test('--restart begins it anew, with other arguments', async () => {
  const { broker, run } = kafka()
  broker.append(calls(4))
  await run('--name', 'spring', '--from', 'earliest')
  const { exitCode, stdout } = await run(
    '--name',
    'spring',
    '--restart',
    '--from',
    'earliest',
    '--filter',
    'event=B',
    '--json',
  )
  expect([exitCode, JSON.parse(stdout)]).toMatchObject([
    0,
    { isDone: true, outcomes: { translated: 4, filtered: 4 }, written: {} },
  ])
  expect(broker.stored('main.backfill').length).toBe(4)
})

test('an empty window is done at once', async () => {
  const { broker, run } = kafka()
  const { exitCode, stdout } = await run('--name', 'spring', '--from', 'earliest')
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining('replay spring is done: 0 offsets')])
  expect(broker.open()).toBe(0)
})

test.each([
  [['--from', 'earliest'], 'a replay needs --name: Kafka remembers under it where it stands'],
  [
    ['--name', 'redrive', '--from', 'earliest'],
    '--name is "redrive"; allowed: letters, digits, ".", "_" and "-", at most 100, not "redrive" and not ending in ".window"',
  ],
  [['--name', 'a/b'], '--name is "a/b"; allowed'],
  [['--name', 'a.window'], '--name is "a.window"; allowed'],
  [['--name', 'spring'], 'no replay "spring" was begun, or Kafka has forgotten it: a new one needs --from'],
  [['--name', 'spring', '--from', 'soon'], '--from is "soon"; allowed are a time'],
  [
    ['--name', 'spring', '--from', 'latest', '--filter', 'partition=7'],
    'no partition meets the conditions of --filter on topic and partition',
  ],
  [['--name', 'spring', '--from', 'latest', '--filter', 'colour=red'], '--filter "colour=red" is no condition'],
  [
    ['--name', 'spring', '--from', 'latest', '--destination', 'main', '--to-topic', 'dlq'],
    'messages cannot be written to "dlq", which has another use in the configuration',
  ],
  [
    ['--name', 'spring', '--from', 'latest', '--into', 'live', '--to-topic', 'x'],
    '--into and --to-topic cannot be used together',
  ],
  [['--name', 'spring', '--from', 'latest', '--rate-file', '/none/rate'], '--rate-file /none/rate: ENOENT'],
  [['--dry-run', '--diff'], '--dry-run and --diff cannot be used together'],
  [
    ['--dry-run', '--name', 'spring', '--rate', '500/s'],
    '--dry-run cannot be used together with --name (no replay is begun or resumed), --rate (it reads as fast as it goes): leave them out',
  ],
  [
    ['--diff', '--restart'],
    '--diff cannot be used together with --restart (no replay is begun or resumed): leave it out',
  ],
  [
    ['--name', 'spring', '--from', 'latest', '--stage', 'forward', '--destination', 'main', '--into', 'live'],
    '--to-topic and --into are of --stage translate; --stage forward sends to the API',
  ],
  [['--name', 'spring', '--from', 'latest', '--against', 'main'], '--against needs --diff'],
] as const)('%j is refused, and nothing is written', async (argv, message) => {
  const { broker, run } = kafka()
  const { exitCode, stderr } = await run(...argv)
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining(`error TB_USAGE: ${message}`)])
  expect([broker.committed('tb.replay.spring', 'raw').size, broker.open()]).toEqual([0, 0])
})

test.each([['0'], ['-1'], ['fast'], ['5/min']])('a rate of %j is refused', async (rate) => {
  const { run } = kafka()
  const { exitCode, stderr } = await run('--name', 'spring', '--from', 'latest', '--rate', rate)
  expect([exitCode, stderr]).toEqual([
    2,
    expect.stringContaining('Allowed: events a second above 0, as in 500 or 500/s.'),
  ])
})

test('a topic that is missing is named before anything is written', async () => {
  const { broker, run } = kafka(['raw', 'main', 'dlq', 'unsupported'])
  const { exitCode, stderr } = await run('--name', 'spring', '--from', 'earliest')
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('main.backfill does not exist; create it with')])
  expect([broker.committed('tb.replay.spring', 'raw').size, broker.open()]).toEqual([0, 0])
})

test('positions that Kafka has forgotten are told; it would be guessing to go on', async () => {
  const { broker, run } = kafka()
  broker.append(calls(2))
  const admin = await broker.admin()
  const note = {
    stage: 'translate',
    from: 'earliest',
    to: 'latest',
    destinations: [],
    filter: [],
    topics: ['raw'],
    begun: '2026-04-01',
    start: 0,
  }
  await admin.commitOffsets('tb.replay.spring.window', 'raw', new Map([[0, { next: 1, note: JSON.stringify(note) }]]))
  await admin.close()
  const { exitCode, stderr } = await run('--name', 'spring')
  expect([exitCode, stderr]).toEqual([
    2,
    expect.stringContaining(
      'Kafka has forgotten how far replay "spring" was in raw/0: it keeps the offsets of a group without members for',
    ),
  ])
  expect(broker.stored('main.backfill')).toEqual([])
})
