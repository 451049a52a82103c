import { expect, test } from 'vitest'
import { releaseOf } from '../../src/kafka/kafka-releases.ts'

test.each([
  [undefined, undefined],
  [0, undefined],
  [1, '3.0'],
  [7, '3.3'],
  [21, '3.9'],
  [25, '4.0'],
  [27, '4.1'],
  [30, '4.3'],
  [33, '4.4'],
  [34, 'newer than 4.4'],
])('a broker whose metadata.version goes to %s is Kafka %s', (level, release) => {
  expect(releaseOf(level)).toBe(release)
})
