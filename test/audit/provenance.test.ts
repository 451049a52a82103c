import { expect, test } from 'vitest'
import { parseSource, provenanceOf, reasonOf } from '../../src/audit/provenance.ts'
import { deadLetterRecord, type DeadLetterInput } from '../../src/records/dead-letter.ts'
import { markRecord } from '../../src/records/marks.ts'
import { deadLetterEncoder } from '../../src/schemas/dead-letter-value.ts'
import { rawRecord } from '../support/raw-records.ts'

test.each([
  ['cio.track.raw:3:17:0', { topic: 'cio.track.raw', partition: 3, offset: 17, index: 0 }],
  ['raw:0:9007199254740', { topic: 'raw', partition: 0, offset: 9_007_199_254_740, index: -1 }],
  ['raw:3', undefined],
  ['raw:3:x', undefined],
  ['raw:3:17:0:1', undefined],
  ['', undefined],
])('the source %j is read as it stands, or not at all', (text, source) => {
  expect(parseSource(text)).toEqual(source)
})

const letter: DeadLetterInput = {
  source: rawRecord('x'),
  reason: 'too_large',
  message: 'why',
  stage: 'process',
  destination: null,
  attempt: 1,
  at: 0,
}

test('the reason of a dead letter is read in JSON and in Avro', () => {
  const json = Buffer.from(deadLetterRecord(letter).value)
  expect([json, deadLetterEncoder(7)(letter)].map(reasonOf)).toEqual(['too_large', 'too_large'])
})

test.each([
  ['no value', null],
  ['an empty one', Buffer.alloc(0)],
  ['no dead letter', Buffer.from('{"a":1}')],
  ['cut Avro', Buffer.alloc(4)],
  ['a text of negative length', Buffer.from([0, 0, 0, 0, 1, 3, 65])],
])('of %s there is no reason', (_, value) => {
  expect(reasonOf(value)).toBe(undefined)
})

const text = (name: string, value: string) => [name, Buffer.from(value)] as const

test('the last header of a name counts, and a mark is told from a dead letter', () => {
  const headers = [
    text('tb-src', 'raw:0:1:0'),
    text('tb-src', 'raw:0:2:0'),
    text('tb-replay', 'r'),
    text('tb-type', 'track'),
  ]
  expect(provenanceOf(rawRecord('x', { headers }))).toEqual({
    source: { topic: 'raw', partition: 0, offset: 2, index: 0 },
    replay: 'r',
    isMark: false,
    messageId: undefined,
    type: 'track',
  })
  const mark = markRecord({ kind: 'forgotten', personHash: '0'.repeat(64) })
  const marked = Object.entries(mark.headers).map(([name, value]) => text(name, value))
  expect([null, 'x'].map((value) => provenanceOf(rawRecord(value, { headers: marked })).isMark)).toEqual([true, false])
})
