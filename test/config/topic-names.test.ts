import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/load.ts'
import { nameTopics } from '../../src/config/topic-names.ts'
import { defaultTopics } from '../../src/config/topics-schema.ts'

const parse = (document: object) =>
  parseConfig(JSON.stringify({ kafka: { brokers: 'a:1' }, ...document }), { path: '/x.yaml', env: {} })

const namesOf = (document: object) => {
  const { raw, destinations, deadLetters, unsupported } = parse(document)
  return [...raw.topics, ...destinations.map(({ topic }) => topic), deadLetters.topic, unsupported.topic]
}

const destinations = [{ name: 'one' }, { name: 'two', topic: 'mine' }]

describe('topics that the file does not name', () => {
  test('have their default names', () => {
    const { raw, deadLetters, unsupported } = defaultTopics
    expect(namesOf({ destinations })).toEqual([raw, 'cio.pipelines.one', 'mine', deadLetters, unsupported])
  })

  test('begin with topics.prefix; those that are written out do not', () => {
    expect(namesOf({ destinations, topics: { prefix: 'eu.' } })).toEqual([
      'eu.cio.track.raw',
      'eu.cio.pipelines.one',
      'mine',
      'eu.cio.dead-letters',
      'eu.cio.unsupported',
    ])
    const named = { raw: { topic: 'raw' }, deadLetters: { topic: 'dead' }, unsupported: { topic: 'none' } }
    expect(namesOf({ destinations, ...named, topics: { prefix: 'eu.' } })).toEqual([
      'raw',
      'eu.cio.pipelines.one',
      'mine',
      'dead',
      'none',
    ])
  })

  test('of destinations follow topics.destinationName, after the prefix', () => {
    const topics = { prefix: 'eu.', destinationName: 'to-{name}-v1' }
    expect(namesOf({ destinations, topics }).slice(1, 3)).toEqual(['eu.to-one-v1', 'mine'])
    expect(namesOf({ destinations, topics: { destinationName: 'x.{name}' } })[1]).toBe('x.one')
  })

  test('leave several raw topics and a pattern as they are', () => {
    const topics = { prefix: 'eu.' }
    expect(parse({ destinations, topics, raw: { topics: ['a', 'b'] } }).raw.topics).toEqual(['a', 'b'])
    expect(parse({ destinations, topics, raw: { pattern: 'track-.*' } }).raw).toMatchObject({ pattern: 'track-.*' })
  })

  test('must differ once they are named', () => {
    expect(() =>
      parse({
        destinations: [{ name: 'one' }, { name: 'x', topic: 'eu.cio.pipelines.one' }],
        topics: { prefix: 'eu.' },
      }),
    ).toThrow(
      'destinations[1].topic: found "eu.cio.pipelines.one", as in destinations[0].topic; allowed: a topic of its own',
    )
  })
})

test.each([
  ['nothing', undefined],
  ['a list', []],
  ['a text', 'x'],
  ['a prefix that is none', { topics: { prefix: 3 }, destinations }],
  ['a template that is none', { topics: { prefix: 'a.', destinationName: [] }, destinations }],
])('a wrong document is left to the schema: %s', (_, document) => {
  expect(nameTopics(document)).toBe(document)
})

test('wrong sections are left to the schema, and those beside them are named', () => {
  const wrong = { topics: { prefix: 'a.' }, raw: null, deadLetters: 3, destinations: [null, {}, { name: 4 }] }
  expect(nameTopics(wrong)).toEqual({ ...wrong, unsupported: { topic: 'a.cio.unsupported' } })
  expect(nameTopics({ ...wrong, destinations: 'all' })).toMatchObject({ destinations: 'all' })
})

test.each([
  ['topics.prefix', { prefix: 'a b' }, 'found "a b"; allowed: letters, digits, ".", "_" and "-", at most 100'],
  [
    'topics.destinationName',
    { destinationName: 'all-in-one' },
    'found "all-in-one"; allowed: letters, digits, ".", "_" and "-" around {name}, as in cio.pipelines.{name}',
  ],
  [
    'topics.minInsyncReplicas',
    { minInsyncReplicas: 3, replicationFactor: 2 },
    'found 3; allowed: at most replicationFactor, which is 2',
  ],
])('%s says what is allowed', (key, topics, sentence) => {
  expect(() => parse({ destinations, topics })).toThrow(`${key}: ${sentence}`)
})
