import { expect, test } from 'vitest'
import { replayableTopics, replayJob, windowTopics, type JobRequest } from '../../../src/cli/replay/replay-job.ts'
import { parseConfig } from '../../../src/config/load.ts'

const config = parseConfig(
  JSON.stringify({
    kafka: { brokers: 'kafka:9092', prefix: 'tb' },
    raw: { pattern: String.raw`track\..*` },
    destinations: [
      { name: 'main', topic: 'main', backfill: {}, sink: { apiKey: 'k' } },
      { name: 'shop', topic: 'shop', sink: { apiKey: 'k', limits: { requestsPerSecond: 100, maxBatchMessages: 20 } } },
      { name: 'files', topic: 'files' },
    ],
  }),
  { path: '/trackbridge.yaml', env: {} },
)
const raws = ['track.a', 'track.b']
const request = (changes: Partial<JobRequest> = {}): JobRequest => ({
  stage: 'translate',
  destinations: [],
  filter: [],
  ...changes,
})
const targets = (changes: Partial<JobRequest>): readonly string[] =>
  replayJob(config, request(changes), raws).outputs.map(({ destination, topic }) => `${destination}: ${topic}`)

test('a translate replay reads the raw topics that there are, and writes to the lanes that there are', () => {
  const job = replayJob(config, request(), raws)
  expect([windowTopics(job), job.config.raw.pattern, job.outputs]).toEqual([
    raws,
    undefined,
    [
      { destination: 'main', topic: 'main.backfill' },
      { destination: 'shop', topic: 'shop' },
      { destination: 'files', topic: 'files' },
    ],
  ])
  expect(job.config.destinations.map(({ topic, backfill }) => [topic, backfill])).toEqual([
    ['main.backfill', undefined],
    ['shop', undefined],
    ['files', undefined],
  ])
})

test.each([
  [{ into: 'live' }, ['main: main', 'shop: shop', 'files: files']],
  [{ into: 'backfill', destinations: ['main'] }, ['main: main.backfill']],
  [{ destinations: ['files', 'main'] }, ['main: main.backfill', 'files: files']],
  [{ toTopic: 'elsewhere', destinations: ['shop'] }, ['shop: elsewhere']],
] as const)('%j writes %j', (changes, expected) => {
  expect(targets(changes)).toEqual(expected)
})

test('it may delay process, and the sinks of the live topics that it writes to', () => {
  expect(replayJob(config, request(), raws).liveGroups).toEqual([
    { group: 'tb.process', topics: raws },
    { group: 'tb.sink.shop', topics: ['shop'] },
  ])
  expect(replayJob(config, request({ into: 'live', destinations: ['main'] }), raws).liveGroups).toEqual([
    { group: 'tb.process', topics: raws },
    { group: 'tb.sink.main', topics: ['main'] },
  ])
})

test.each([
  ['main', 50],
  ['shop', 10],
])('a forward replay of %s makes %i requests a second, by its lane or a tenth of the live rate', (name, rate) => {
  const job = replayJob(config, request({ stage: 'forward', destinations: [name] }), raws)
  expect([
    windowTopics(job),
    job.config.destinations.map(({ sink, backfill }) => [sink?.limits.requestsPerSecond, backfill]),
    job.forwarding.map(({ requestsPerSecond }) => requestsPerSecond),
    job.liveGroups,
    job.outputs,
  ]).toEqual([[name], [[rate, undefined]], [rate], [{ group: `tb.sink.${name}`, topics: [name] }], []])
})

test('it is looked for by its name on raw topics and destination topics', () => {
  expect(replayableTopics(config, raws)).toEqual({
    raw: ['track.a', 'track.b'],
    destinations: ['main', 'shop', 'files'],
  })
})

test.each([
  [{ destinations: ['main', 'none'] }, 'no destination is called "none" here; there are: main, shop, files'],
  [
    { into: 'backfill' },
    '--into backfill: destination "shop" has no backfill lane; add "backfill: {}" to it, or use --into live',
  ],
  [
    { toTopic: 'x' },
    '--to-topic needs one --destination, whose messages are written there; there are: main, shop, files',
  ],
  [{ stage: 'forward' }, '--stage forward takes one --destination; there are: main, shop'],
  [{ stage: 'forward', destinations: ['files'] }, 'no destination is called "files" here; there are: main, shop'],
] as const)('%j is refused: %s', (changes, message) => {
  expect(() => replayJob(config, request(changes), raws)).toThrowError(message)
})
