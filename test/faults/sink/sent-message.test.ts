import { expect, test } from 'vitest'
import { digestOf, digestToSend, messageTexts, personsOf } from '../../../faults/sink/sent-message.ts'

test('a batch is taken apart to the character, whatever stands in its texts', () => {
  const texts = ['{"a":"}]{","b":[1,{"c":"\\"}"}]}', '{ "d" : 1.0 }', '{}']
  expect(messageTexts(`{"batch":[${texts.join(',')}]}`, true)).toEqual(texts)
  expect(messageTexts('{"batch":[]}', true)).toEqual([])
})

test('a single message is the whole body', () => {
  expect(messageTexts('{"type":"track"}', false)).toEqual(['{"type":"track"}'])
})

const time = (second: number): string => `"2026-11-21T10:00:0${second}.000Z"`

test('two attempts are the same when they differ in sentAt only', () => {
  const sent = (second: number, digits: string): string => digestOf(`{"n":${digits},"sentAt":${time(second)},"b":1}`)
  expect(sent(1, '1.0')).toBe(sent(2, '1.0'))
  expect(sent(1, '1.0')).not.toBe(sent(1, '1'))
  expect(digestToSend(`{"n":1,"sentAt":${time(1)},"receivedAt":${time(1)},"b":1}`)).toBe(sent(5, '1'))
  expect(digestOf('{"n":1,"b":1}')).not.toBe(digestOf(`{"n":1,"sentAt":${time(1)},"b":1}`))
})

test.each([
  [{ type: 'track', userId: 'u', anonymousId: 'a' }, ['u']],
  [{ type: 'track', anonymousId: 'a' }, ['a']],
  [{ type: 'group', groupId: 'g' }, ['g']],
  [{ type: 'alias', userId: 'u', previousId: 'p' }, ['u', 'p']],
  [{ type: 'track' }, []],
])('%j concerns %j', (message, persons) => {
  expect(personsOf(message)).toEqual(persons)
})
