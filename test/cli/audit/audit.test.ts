import { describe, expect, test } from 'vitest'
import { processRecord } from '../../../src/processor/topology.ts'
import { createMemoryBroker } from '../../support/memory-broker.ts'
import { rawTimestamp, routeTo, topologySettings } from '../../support/raw-records.ts'
import { configFile, runCommand } from '../run/run-command.ts'

const document = {
  kafka: { brokers: 'a:9092', prefix: 'tb' },
  destinations: [{ name: 'main', sink: { apiKey: 'key' } }],
}
const topics = {
  raw: 'cio.track.raw',
  main: 'cio.pipelines.main',
  dlq: 'cio.dead-letters',
  unsupported: 'cio.unsupported',
}

const calls = [
  { method: 'PUT', path: '/api/v1/customers/42', body: { plan: 'pro' } },
  { method: 'POST', path: '/api/v1/customers/42/events', body: { name: 'viewed' } },
  { method: 'POST', path: '/api/v1/forms/9/submit', body: {} },
  { method: 'POST', path: '/api/v1/customers/42/events', body: {} },
].map((call) => JSON.stringify(call))

/** Four calls and their outputs, without those of `lost`; the sink has done the first message. */
async function cluster({ lost = -1 } = {}) {
  const broker = createMemoryBroker()
  for (const name of Object.values(topics)) broker.createTopic(name, 1)
  broker.append(calls.map((value) => ({ topic: topics.raw, key: '42', value, timestamp: rawTimestamp })))
  const settings = {
    ...topologySettings([routeTo('main', { topic: topics.main })]),
    deadLetterTopic: topics.dlq,
    unsupportedTopic: topics.unsupported,
  }
  const raws = broker.stored(topics.raw).filter(({ offset }) => offset !== lost)
  broker.append(raws.flatMap((record) => processRecord({ ...record, topic: topics.raw }, settings).records))
  const admin = await broker.admin()
  await admin.commitOffsets('tb.process', topics.raw, new Map([[0, { next: 4, note: '' }]]))
  await admin.commitOffsets('tb.sink.main', topics.main, new Map([[0, { next: 1, note: '' }]]))
  await admin.close()
  return broker
}

const run = (broker: Awaited<ReturnType<typeof cluster>>, ...argv: readonly string[]) =>
  runCommand(['audit', ...argv, '--config', configFile(document)], { createBroker: async () => broker })

describe('audit', () => {
  test('prints a row for each raw partition and a sentence, and exits with 0', async () => {
    const broker = await cluster()
    const { exitCode, stdout, stderr } = await run(broker)
    expect(stdout.split('\n')).toEqual([
      'raw partition    in  = translated  + unsupported  + dead letters  + empty  main  not yet',
      'cio.track.raw/0   4             2              1               1        0     2        0',
      '',
      'main: of 2 messages, the sink is past 1 (forwarded or dead-lettered), 1 wait; 0 of its dead letters are kept',
      '',
      'Every record is accounted for.',
      '',
    ])
    expect([exitCode, stderr, broker.open()]).toEqual([0, '', 0])
  })

  test('names what is missing, says that a changed configuration may be why, and exits with 1', async () => {
    const { exitCode, stdout } = await run(await cluster({ lost: 0 }))
    const id = /message (\w{26}) \(identify\)/.exec(stdout)?.[1] ?? ''
    expect(stdout.split('\n').slice(4)).toEqual([
      '',
      '✗ missing: 1: outputs that the present configuration makes of a raw record are not on their topics',
      `    cio.track.raw:0:0:0: message ${id} (identify) is not on cio.pipelines.main/0`,
      '',
      'What is expected is what the present version and configuration make of the raw records. If destinations, where, mapping,',
      'partitioning or trackbridge itself have changed since they were processed, such faults are those changes.',
      '',
      'Not every record is accounted for: 1 missing.',
      '',
    ])
    expect(exitCode).toBe(1)
  })

  test('prints the same as JSON', async () => {
    const { exitCode, stdout } = await run(await cluster(), '--json')
    const sums = { in: 4, translated: 2, unsupported: 1, deadLetters: 1, empty: 0, faulty: 0, unjudged: 0 }
    const all = { ...sums, messages: { main: 2 }, unrouted: 0, replayed: 0, repeats: 0, notYet: 0 }
    expect(JSON.parse(stdout)).toEqual({
      ok: true,
      conclusion: 'Every record is accounted for.',
      partitions: [{ topic: topics.raw, partition: 0, from: 0, to: 4, ...all }],
      total: all,
      destinations: [{ name: 'main', topic: topics.main, messages: 2, sink: { past: 1, waiting: 1, deadLetters: 0 } }],
      faults: [],
      notes: [],
    })
    expect(exitCode).toBe(0)
  })

  test('without translating says how little that proves', async () => {
    const { exitCode, stdout } = await run(await cluster(), '--no-translate')
    const sentence = 'Every record has left something; whether all of it, only an audit that translates can tell.'
    expect([exitCode, stdout.trimEnd().split('\n').at(-1)]).toEqual([0, sentence])
  })

  test('tells what of the window is not processed yet', async () => {
    const broker = await cluster()
    broker.append([{ topic: topics.raw, value: calls[0]! }])
    const { exitCode, stdout } = await run(broker)
    expect(stdout).toContain(
      '! offsets of the window, markers of transactions included, that are not processed yet: 1\n',
    )
    expect(exitCode).toBe(0)
  })

  test('says so when nothing of the window is processed', async () => {
    const { exitCode, stdout } = await run(await cluster(), '--from', `${topics.raw}:0:4`)
    const sentence = 'Nothing was judged: the window has no record that the group tb.process has committed.'
    expect([exitCode, stdout.trimEnd().split('\n').at(-1)]).toEqual([0, sentence])
  })

  test.each([
    [['--from', 'yesterday'], 'error TB_USAGE: --from is "yesterday"; allowed are a time'],
    [['--destination', 'none'], 'error TB_USAGE: --destination: there is no destination "none"; there are: main'],
    [
      ['--memory', '0'],
      "error: option '--memory <mb>' argument '0' is invalid. Allowed: whole numbers from 1 to 100000.",
    ],
    [['--from', 'other:0:1'], 'error TB_USAGE: there is no partition other/0 here; the topics are: cio.track.raw'],
  ])('with %j says what is wrong and exits with 2', async (argv, text) => {
    const { exitCode, stdout, stderr } = await run(await cluster(), ...argv)
    expect([exitCode, stdout, stderr.slice(0, text.length)]).toEqual([2, '', text])
  })
})

describe('audit --find', () => {
  test('tells the story of a raw record', async () => {
    const { exitCode, stdout } = await run(await cluster(), '--find', 'cio.pipelines.main:0:1')
    const id = /\w{26}/.exec(stdout)?.[0] ?? ''
    expect(stdout.split('\n')).toEqual([
      'cio.track.raw:0:1  2026-11-21T10:00:00.000Z',
      '  call         person event "viewed" of 42: translated',
      `  main         cio.pipelines.main:0:1  ${id}  track  waiting`,
      '',
    ])
    expect(exitCode).toBe(0)
  })

  test('shows payloads only with --payload', async () => {
    const broker = await cluster()
    const without = await run(broker, '--find', 'cio.track.raw:0:0')
    expect(without.stdout).not.toContain('pro')
    const { stdout } = await run(broker, '--find', 'cio.track.raw:0:0', '--payload', '--json')
    const { stories } = JSON.parse(stdout) as { stories: readonly { payload: unknown }[] }
    expect(stories.map(({ payload }) => payload)).toEqual([{ key: '42', value: calls[0], headers: {} }])
  })

  test('exits with 1 and says so when nothing is found, or something is missing', async () => {
    const nobody = await run(await cluster(), '--find', 'nobody')
    expect([nobody.exitCode, nobody.stdout]).toEqual([1, 'nothing of "nobody" stands on these topics\n'])
    const { exitCode, stdout } = await run(await cluster({ lost: 0 }), '--find', 'cio.track.raw:0:0')
    expect(stdout).toMatch(/✗ message \w{26} \(identify\) is not on cio\.pipelines\.main\/0\n$/)
    expect(exitCode).toBe(1)
  })
})
