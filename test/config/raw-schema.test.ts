import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/load.ts'
import { TrackbridgeError } from '../../src/errors.ts'

const parse = (raw: string) =>
  parseConfig(`kafka: {brokers: "a:9092"}\nraw: ${raw}\ndestinations: [{name: main}]\n`, { path: 'x.yaml', env: {} })
    .raw

function faultsOf(raw: string): readonly string[] {
  try {
    parse(raw)
  } catch (error) {
    if (error instanceof TrackbridgeError)
      return error.message
        .split('\n')
        .slice(1)
        .map((line) => line.trim())
    throw error
  }
  return []
}

describe('raw topics', () => {
  test.each([
    ['one', '{topic: track.web}', { topics: ['track.web'] }],
    ['several', '{topics: [track.web, track.app]}', { topics: ['track.web', 'track.app'] }],
    ['a pattern', String.raw`{pattern: "track\\..*"}`, { topics: [], pattern: String.raw`track\..*` }],
    ['none, which is the default', '{}', { topics: ['cio.track.raw'] }],
  ])('may be %s', (_name, yaml, raw) => {
    expect(parse(yaml)).toEqual({ format: 'auto', call: 'envelope', ...raw })
  })

  test.each([
    [
      'topic beside topics',
      '{topic: a, topics: [b]}',
      ['raw.topics: found topics beside topic; allowed: one of topic, topics and pattern'],
    ],
    [
      'a topic twice',
      '{topics: [a, a]}',
      ['raw.topics[1]: found "a", as in raw.topics[0]; allowed: a topic of its own'],
    ],
    [
      'a topic that is written to',
      '{topics: [a, cio.dead-letters]}',
      ['deadLetters.topic: found "cio.dead-letters", as in raw.topics[1]; allowed: a topic of its own'],
    ],
    [
      'a pattern that is none',
      '{pattern: "track("}',
      [String.raw`raw.pattern: found "track("; allowed: a regular expression of topic names, as in track\..*`],
    ],
    [
      'a pattern that matches what is written to',
      String.raw`{pattern: "cio\\..*"}`,
      [
        'raw.pattern: found a pattern that matches "cio.dead-letters", which is deadLetters.topic; allowed: a pattern that matches no topic that trackbridge writes to',
      ],
    ],
    [
      'the shape of a topic that is not read',
      '{topics: [a, b], callByTopic: {c: v2}}',
      ['raw.callByTopic: found the topic "c"; allowed: the raw topics: a, b'],
    ],
    [
      'the shape of a topic that the pattern does not match',
      '{pattern: "track-.+", callByTopic: {track-web: v2, web: v2}}',
      ['raw.callByTopic: found the topic "web"; allowed: topics that raw.pattern matches'],
    ],
    ['an empty list', '{topics: []}', ['raw.topics: found an empty list; allowed: a list with at least one entry']],
  ])('are refused as %s', (_name, yaml, lines) => {
    expect(faultsOf(yaml)).toEqual(lines)
  })

  test('a pattern matches whole names: a topic that only begins so is none of it', () => {
    expect(parse('{pattern: cio}').pattern).toBe('cio')
  })
})

test('topics may have shapes of their own', () => {
  const { callByTopic } = parse('{topics: [a, b], call: v2, callByTopic: {b: {body: {value: payload}}}}')
  expect(callByTopic).toEqual({ b: { body: [{ value: 'payload' }] } })
})

describe('raw.call', () => {
  test.each(['envelope', 'v2', 'http-log', 'segment-v1'])('may be the preset %s', (preset) => {
    expect(parse(`{call: ${preset}}`).call).toBe(preset)
  })

  test('may be a mapping: each part becomes a list of places, absent parts are not there', () => {
    const yaml = `{call: {method: {constant: PUT}, path: [{header: x-path}, {value: request.url}],
      body: {value: true}, received_at: {timestamp: true}}}`
    expect(parse(yaml).call).toEqual({
      method: [{ constant: 'PUT' }],
      path: [{ header: 'x-path' }, { value: 'request.url' }],
      body: [{ value: true }],
      received_at: [{ timestamp: true }],
    })
  })

  const allowed = 'one of {value: a.b.c}, {header: NAME}, {key: true}, {constant: TEXT}'
  test.each([
    [
      'an unknown preset',
      '{call: segment}',
      [
        'raw.call: found "segment"; allowed: envelope, v2, http-log, segment-v1, or a mapping with method, path, body, source, id, received_at',
      ],
    ],
    [
      'a place that is none',
      '{call: {body: {value: true}, source: {headers: x}}}',
      [`raw.call.source: found a mapping; allowed: ${allowed}, or a list of them`],
    ],
    [
      'the whole value as something else than the body',
      '{call: {body: {value: true}, id: {value: true}}}',
      [`raw.call.id: found a mapping; allowed: ${allowed}, or a list of them`],
    ],
    [
      'a text as a place',
      '{call: {body: payload}}',
      [`raw.call.body: found "payload"; allowed: ${allowed}, {value: true}, or a list of them`],
    ],
    [
      'a body that is missing',
      '{call: {method: {constant: PUT}, path: {key: true}}}',
      [`raw.call.body: found nothing; allowed: ${allowed}, {value: true}, or a list of them`],
    ],
    [
      'a path without a method',
      '{call: {path: {key: true}, body: {value: true}}}',
      [
        'raw.call.method: found nothing; allowed: a place for method as well: the mapping names one for path. Without both, the body is a v2 entity or batch',
      ],
    ],
    [
      'a part that is none',
      '{call: {body: {value: true}, receivedAt: {timestamp: true}}}',
      [
        'raw.call.receivedAt: found an unknown key; did you mean raw.call.received_at? Allowed: method, path, body, source, id, received_at',
      ],
    ],
  ])('is refused as %s', (_name, yaml, lines) => {
    expect(faultsOf(yaml)).toEqual(lines)
  })
})
