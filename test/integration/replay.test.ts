import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { startStandInApi } from '../../src/demo/stand-in-api.ts'
import { createTopics, randomName, readCommitted, withAdmin } from '../support/kafka.ts'
import {
  callsFor,
  createPipeline,
  preload,
  produceCalls,
  readRaw,
  watchOffsets,
  type Pipeline,
} from '../support/pipeline.ts'
import { outputsOf, verifyReplay } from '../support/replay.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { startTrackbridge, type TrackbridgeProcess } from '../support/trackbridge-process.ts'
import { until } from '../support/until.ts'
import { expectedOutput, nothingAmiss } from '../support/verify-output.ts'

const ended = async (running: TrackbridgeProcess): Promise<string> => {
  const { code, signal } = await running.ended
  return `${code ?? signal}`
}

interface Result {
  readonly isDone: boolean
  readonly outcomes: Readonly<Record<string, number>>
}

const resultOf = (running: TrackbridgeProcess): Result => JSON.parse(running.stdout()) as Result

/** Of the configuration of a pipeline. */
const sessionMs = 6_000

const membersOf = (group: string): Promise<number> =>
  withAdmin(async (admin) => (await admin.describeGroups([group])).groups[0]?.members.length ?? 0)

test('two processes that begin the same replay at the same moment, are held for longer than a session and let go, share it, and each record is translated once', async () => {
  const pipeline = await createPipeline(4)
  const raw = await preload(pipeline, { count: 6_000, partitions: 4, people: 300 })
  const folder = mkdtempSync(join(tmpdir(), 'trackbridge-rate-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const rate = join(folder, 'rate')
  writeFileSync(rate, '0')
  const args = ['replay', '--name', 'both', '--from', 'earliest', '--rate-file', rate, '--json']
  const running = [startTrackbridge(args, pipeline.config), startTrackbridge(args, pipeline.config)]
  const tails = (): string => running.map((one) => one.tail()).join('\n')
  await until(async () => (await membersOf(`${pipeline.prefix}.replay.both`)) === 2, { describe: tails })
  const heldUntilMs = systemClock.now() + sessionMs + 1_000
  await until(() => systemClock.now() > heldUntilMs)
  expect([await membersOf(`${pipeline.prefix}.replay.both`), running.map((one) => one.isOver())]).toEqual([
    2,
    [false, false],
  ])
  expect((await outputsOf('both', pipeline.topics.destinations)).values().next().value).toEqual([])
  writeFileSync(rate, '2000/s')
  expect(await Promise.all(running.map(ended)), tails()).toEqual(['0', '0'])
  const results = running.map(resultOf)
  const counts = results.map(({ outcomes }) => outcomes['raw'] ?? 0)
  expect([results.map(({ isDone }) => isDone), counts.map((count) => count > 500), counts[0]! + counts[1]!]).toEqual([
    [true, true],
    [true, true],
    raw.length,
  ])
  expect(await verifyReplay('both', pipeline.topics, raw)).toEqual(nothingAmiss)
})

test('stopped, it tells how to go on and goes on; --restart begins it anew, but not beside itself', async () => {
  const pipeline = await createPipeline(2)
  const raw = await preload(pipeline, { count: 1_500, partitions: 2, people: 100 })
  const args = ['replay', '--name', 'spring', '--from', 'earliest']
  const offsets = await watchOffsets(pipeline, { group: `${pipeline.prefix}.replay.spring`, topic: pipeline.rawTopic })
  const first = startTrackbridge([...args, '--rate', '300/s'], pipeline.config)
  await until(async () => first.isOver() || (await offsets.done()) > 100, { describe: () => first.tail() })
  const beside = startTrackbridge([...args, '--restart'], pipeline.config)
  expect([await ended(beside), beside.lines.map(({ msg }) => msg)]).toEqual([
    '2',
    ['error TB_USAGE: replay "spring" is running: stop all its processes before --restart'],
  ])
  first.send('SIGTERM')
  expect(await ended(first), first.tail()).toBe('143')
  expect(first.stdout()).toMatch(/^replay spring, translate: begins now\n {2}window {3}earliest to latest\n/)
  expect(first.stdout()).toMatch(
    /\nreplay spring is stopped at \d+ %: [\d,]+ offsets to go; --name spring goes on with it\n/,
  )

  const second = startTrackbridge(['replay', '--name', 'spring'], pipeline.config)
  expect(await ended(second), second.tail()).toBe('0')
  expect(second.stdout()).toMatch(/^replay spring, translate: begun \S+, goes on at \d+ %\n/)
  expect(second.stdout()).toContain('\nreplay spring is done: 1,500 offsets')
  expect(await verifyReplay('spring', pipeline.topics, raw)).toEqual(nothingAmiss)

  const again = startTrackbridge([...args, '--restart', '--filter', 'partition=1', '--json'], pipeline.config)
  expect([await ended(again), resultOf(again).isDone]).toEqual(['0', true])
  const [main] = pipeline.topics.destinations as [string]
  const written = (await outputsOf('spring', [main])).get(main)?.length
  const of = (inputs: typeof raw): number =>
    [...expectedOutput(inputs, pipeline.topics).keys()].filter((place) => place.startsWith(`${main} `)).length
  expect(written).toBe(of(raw) + of(raw.filter(({ partition }) => partition === 1)))
})

/** Deletes what stands below the offset in partition 0. */
const deleteBelow = (topic: string, offset: number): Promise<void> =>
  withAdmin(async (admin) => {
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] })
  })

test('what retention has taken of the window is told, and the rest is replayed; topics that would delete it at once are refused', async () => {
  const pipeline = await createPipeline(2)
  const target = randomName('target')
  await createTopics({ [target]: { partitions: 2, settings: { 'retention.ms': '3600000' } } })
  const calls = callsFor(pipeline, { count: 400, partitions: 2, people: 40 })
  await produceCalls(calls.map((call) => ({ ...call, timestamp: systemClock.now() - 7_200_000 })))
  const raw = await readRaw(pipeline, 400)
  await deleteBelow(pipeline.rawTopic, 50)
  const args = ['replay', '--name', 'old', '--from', 'earliest', '--to', `${pipeline.rawTopic}:0:120`]
  const into = ['--destination', 'main', '--to-topic', target]
  const refused = startTrackbridge([...args, ...into], pipeline.config)
  expect([await ended(refused), String(refused.lines[0]?.['msg'])]).toEqual([
    '2',
    expect.stringMatching(
      new RegExp(
        `^error TB_USAGE: what this replay writes bears the time .*CreateTime: ${target} \\(kept for 1 hour\\)`,
      ),
    ),
  ])
  expect((await readCommitted(target)).length).toBe(0)
  const forced = startTrackbridge([...args, ...into, '--force'], pipeline.config)
  expect(await ended(forced), forced.tail()).toBe('0')
  expect(forced.stdout()).toContain(
    `! ${pipeline.rawTopic}/0: records of the window may be gone: Kafka has deleted all below offset 50; the first record left is of `,
  )
  const left = raw.filter(({ partition, offset }) => partition === 1 || (offset >= 50 && offset < 120))
  expect(await verifyReplay('old', { ...pipeline.topics, destinations: [target] }, left)).toEqual(nothingAmiss)
})

const startApi = async (apiKey: string) => {
  const api = await startStandInApi({ clock: systemClock, random: seededRandom(1), apiKey })
  onTestFinished(() => api.close())
  return api
}

const committedOf = (group: string, topic: string): Promise<number> =>
  withAdmin(async (admin) => {
    const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
    return (found?.partitions ?? []).filter(({ offset }) => Number(offset) >= 0).length
  })

const idsOf = ({ topics }: Pipeline, raw: Parameters<typeof expectedOutput>[0]): readonly string[] =>
  [...expectedOutput(raw, topics)].flatMap(([place, { messageId }]) =>
    place.startsWith(`${topics.destinations[0]} `) && messageId !== undefined ? [messageId] : [],
  )

test('a translate replay goes through the backfill lane of the sink, a forward replay straight to the API; live groups stay as they were', async () => {
  const pipeline = await createPipeline(2)
  const [main] = pipeline.topics.destinations as [string]
  await createTopics({ [`${main}.backfill`]: 2 })
  const raw = await preload(pipeline, { count: 600, partitions: 2, people: 60 })
  const api = await startApi('key')
  const sink = { url: api.url, apiKey: 'key', limits: { maxBatchMessages: 50 } }
  const config = { ...pipeline.config, destinations: [{ name: 'main', topic: main, backfill: {}, sink }] }
  const translate = startTrackbridge(['replay', '--name', 'lane', '--from', 'earliest', '--json'], config)
  expect(await ended(translate), translate.tail()).toBe('0')
  const ids = idsOf(pipeline, raw)
  const running = startTrackbridge(['sink'], config)
  await until(() => running.isOver() || api.counters().accepted >= ids.length, {
    describe: () => `${ids.length} messages, ${api.counters().accepted} there; last lines:\n${running.tail()}`,
  })
  running.send('SIGTERM')
  expect(await ended(running), running.tail()).toBe('0')
  expect(api.accepted.map(({ messageId }) => messageId).toSorted()).toEqual(ids.toSorted())
  expect((await readCommitted(main)).length).toBe(0)
  expect(await committedOf(`${pipeline.prefix}.sink.main.backfill`, `${main}.backfill`)).toBe(2)

  const live = startTrackbridge(['replay', '--name', 'live', '--from', 'earliest', '--into', 'live', '--json'], config)
  expect(await ended(live), live.tail()).toBe('0')
  const before = api.accepted.length
  const args = [
    'replay',
    '--stage',
    'forward',
    '--name',
    'again',
    '--from',
    'earliest',
    '--filter',
    'type=track',
    '--json',
  ]
  const forward = startTrackbridge(args, config)
  expect(await ended(forward), forward.tail()).toBe('0')
  const tracks = (await readCommitted(main)).filter(({ headers }) => headers['tb-type'] === 'track')
  expect(
    api.accepted
      .slice(before)
      .map(({ messageId }) => messageId)
      .toSorted(),
  ).toEqual(tracks.map(({ headers }) => headers['tb-mid'] ?? '').toSorted())
  const { outcomes } = resultOf(forward)
  expect([outcomes['delivered'], outcomes['filtered'], outcomes['rejected']]).toEqual([
    tracks.length,
    ids.length - tracks.length,
    0,
  ])
  expect(await committedOf(`${pipeline.prefix}.process`, pipeline.rawTopic)).toBe(0)
})
