import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { demoTopics } from '../../src/demo/demo-config.ts'
import {
  becameLines,
  callLines,
  callText,
  drawCounters,
  feedingText,
  placesText,
  recordText,
  sendCommand,
  type Snapshot,
} from '../../src/demo/show.ts'

const topics = demoTopics('demo-1', 'ours')

describe('a raw call', () => {
  test.each([
    [
      'of v1',
      '{"method":"PUT","path":"/v1/customers/4","body":{"n":12345678901234567890}}',
      'PUT /v1/customers/4 {"n":12345678901234567890}',
    ],
    [
      'with a body that is text',
      '{"method":"PUT","path":"/v1/customers/4","body":"{\\"n\\":1}"}',
      'PUT /v1/customers/4 {"n":1}',
    ],
    ['without a body', '{"method":"DELETE","path":"/v1/customers/4"}', 'DELETE /v1/customers/4'],
    ['that is a bare entity', '{"type":"person","action":"delete"}', '{"type":"person","action":"delete"}'],
    ['that is not JSON', '{"method":"PUT",', '{"method":"PUT",'],
    ['that is long', `{"method":"PUT","path":"/v1/${'é'.repeat(80)}"}`, `PUT /v1/${'é'.repeat(65)}…`],
  ])('%s is shown in one line', (_, value, text) => {
    expect(callText(value)).toBe(text)
  })

  test('is shown in full over several lines, broken after commas', () => {
    const body = `{"first":"${'a'.repeat(40)}","second":"${'b'.repeat(40)}","third":3}`
    expect(callLines(`{"method":"POST","path":"/v2/entity","body":${body}}`)).toEqual([
      '   POST /v2/entity',
      `     {"first":"${'a'.repeat(40)}",`,
      `     "second":"${'b'.repeat(40)}","third":3}`,
    ])
    expect(callLines('not JSON')).toEqual(['   not JSON'])
  })
})

describe('a record', () => {
  test.each([
    ['an identify', 'identify', '{"userId":"4","traits":{"a":1.50}}', 'identify 4 {"a":1.50}'],
    ['a track', 'track', '{"userId":"4","event":"buy","properties":{}}', 'track buy 4 {}'],
    ['an anonymous page', 'page', '{"anonymousId":"a","name":"Home"}', 'page Home a'],
    ['a group of a person', 'group', '{"userId":"4","groupId":"acme"}', 'group 4 in acme'],
    ['a group of nobody', 'group', '{"groupId":"acme"}', 'group acme'],
    ['a dead letter', undefined, '{"reason":"invalid","message":"path is missing"}', 'invalid: path is missing'],
    ['what is not JSON', 'identify', 'nonsense', 'nonsense'],
  ])('says who and what: %s', (_, type, value, text) => {
    expect(recordText({ type, value })).toBe(text)
  })
})

describe('what a call became', () => {
  test('names each message once and every topic it is on', () => {
    const identify = { type: 'identify', value: '{"userId":"4"}' }
    expect(
      becameLines([
        { ...identify, topic: 'api', acceptedAfterMs: 1234.4 },
        { ...identify, topic: 'warehouse', acceptedAfterMs: undefined },
        { type: 'group', value: '{"groupId":"acme"}', topic: 'api', acceptedAfterMs: 20 },
      ]),
    ).toEqual([
      '   became 2 messages',
      '     identify 4',
      '       -> api, accepted by the API after 1,234 ms',
      '       -> warehouse, for consumers of your own',
      '     group acme',
      '       -> api, accepted by the API after 20 ms',
    ])
  })

  test('is no message where it is a dead letter', () => {
    const value = '{"reason":"invalid","message":"path is missing"}'
    expect(becameLines([{ type: undefined, value, topic: 'dead', acceptedAfterMs: undefined }])).toEqual([
      '   became no message',
      '     invalid: path is missing',
      '       -> dead, with the call itself untouched',
    ])
  })
})

describe('the counters', () => {
  const snapshot: Snapshot = {
    elapsedMs: 2_040,
    fed: 2_503,
    ofCalls: 5_003,
    topics: {
      raw: { name: topics.raw, records: 2_503 },
      customerio: { name: topics.customerio, records: 2_600 },
      warehouse: { name: topics.warehouse, records: 900 },
      unsupported: { name: topics.unsupported, records: 51 },
      deadLetters: { name: topics.deadLetters, records: 48 },
    },
    api: { accepted: 2_500, requests: 61, tooMany: 2, unavailable: 3, resets: 1 },
    retries: 6,
  }

  test('are a table for a terminal, no line of it wider than 80 columns', () => {
    const { table } = drawCounters(snapshot)
    expect(table).toEqual([
      '   cio.track.raw                2,503   50 % of 5,003 calls fed',
      '   cio.pipelines.customerio     2,600   2,500 accepted by the API',
      '   cio.pipelines.warehouse        900   for consumers of your own',
      '   cio.unsupported                 51   no counterpart in Pipelines',
      '   cio.dead-letters                48   malformed calls',
      '   61 requests to the API: 2 x 429, 3 x 503, 1 cut; 6 sent again',
    ])
    expect(Math.max(...table.map((line) => line.length))).toBeLessThanOrEqual(80)
  })

  test('are one line for everything else', () => {
    expect(drawCounters(snapshot).line).toBe(
      '   2.0 s: raw 2,503, customerio 2,600, warehouse 900, unsupported 51, dead letters 48; accepted 2,500, sent again 6',
    )
  })
})

describe('the rest', () => {
  const places = {
    brokers: ['127.0.0.1:1'],
    ownKafka: true,
    topics,
    apiUrl: 'http://127.0.0.1:2/v1',
    healthUrl: 'http://127.0.0.1:3/ready',
    kafkajs: 'kafkajs',
  }

  test('the heading of the many calls tells of the faults', () => {
    expect(feedingText(5_000)).toBe(
      '5,000 varied calls of both versions, some malformed; the API fails 11 % of the requests on purpose',
    )
  })

  test('the command for a call of one’s own is shell and JavaScript without a fault', () => {
    const command = sendCommand(places)
    const [, script = ''] = /^node --no-warnings -e '([^']+)'$/.exec(command) ?? []
    expect(script).toContain('"127.0.0.1:1"')
    expect(script).toContain('"cio.track.raw"')
    execFileSync(process.execPath, ['--check', '--input-type=commonjs', '-'], { input: script })
  })

  test('the places name every address, and what stays on a Kafka of others', () => {
    const own = placesText(places)
    expect(
      [places.apiUrl, places.healthUrl, ...places.brokers, sendCommand(places)].every((one) => own.includes(one)),
    ).toBe(true)
    expect(own.split('\n').at(-1)).toBe('   Ctrl-C ends everything.')
    const shared = placesText({ ...places, ownKafka: false, topics: demoTopics('demo-1', 'shared') })
    expect(shared.split('\n').at(-1)).toBe(
      '   Ctrl-C ends everything. The topics demo-1.* stay on your Kafka; delete them when you like.',
    )
  })
})
