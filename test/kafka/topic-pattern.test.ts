import { expect, test } from 'vitest'
import { matchingTopics } from '../../src/kafka/topic-pattern.ts'

const names = ['track.web', 'track.app', 'tracker.web', 'old.track.web', '__consumer_offsets', '__track.web']

test.each([
  ['a pattern of whole names', String.raw`track\..*`, ['track.app', 'track.web']],
  ['one with its own anchors', String.raw`^track\.web$`, ['track.web']],
  ['alternatives, which are of whole names too', 'track.web|tracker', ['track.web']],
  ['all, but for topics of Kafka itself', '.*', ['old.track.web', 'track.app', 'track.web', 'tracker.web']],
  ['none', 'track', []],
])('%s means what it matches, sorted', (_name, pattern, found) => {
  expect(matchingTopics(names, pattern)).toEqual(found)
})
