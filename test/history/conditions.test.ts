import { expect, test } from 'vitest'
import { meets, parseConditions } from '../../src/history/conditions.ts'

const keys = ['type', 'event', 'person'] as const
const holds = (texts: readonly string[], facts: Parameters<typeof meets>[1]): boolean =>
  meets(parseConditions(texts, keys, '--where'), facts)

test.each([
  [['type=track'], { type: 'track' }, true],
  [['type=track'], { type: 'tracks' }, false],
  [['type=track'], {}, false],
  [['type!=track'], { type: 'page' }, true],
  [['type!=track'], { type: 'track' }, false],
  [['type!=track'], {}, true],
  [['type=track,page'], { type: 'page' }, true],
  [['type!=track,page'], { type: 'page' }, false],
  [['event=Order *'], { event: 'Order Completed' }, true],
  [['event=Order *'], { event: 'Orders' }, false],
  [['event=*'], { event: 'a\nb' }, true],
  [['event=*'], {}, false],
  [['event=a.c'], { event: 'abc' }, false],
  [[String.raw`event=a\,b`], { event: 'a,b' }, true],
  [[String.raw`event=a\*`], { event: 'ab' }, false],
  [[String.raw`event=a\*`], { event: 'a*' }, true],
  [[String.raw`event=(x)[y]+`], { event: '(x)[y]+' }, true],
  [['person='], { person: '' }, true],
  [['person=a=b'], { person: 'a=b' }, true],
  [['person=ä😀-/'], { person: 'ä😀-/' }, true],
  [['type=track', 'event=A'], { type: 'track', event: 'A' }, true],
  [['type=track', 'event=A'], { type: 'track', event: 'B' }, false],
  [[], {}, true],
])('%j on %j gives %j', (texts, facts, expected) => {
  expect(holds(texts, facts)).toBe(expected)
})

test.each(['type', 'typ=track', '=x', 'type>3', ''])('%j is refused, with the keys that are allowed', (text) => {
  expect(() => parseConditions([text], keys, '--where')).toThrowError(
    `--where "${text}" is no condition; write KEY=VALUE or KEY!=VALUE, where KEY is one of type, event, person`,
  )
})
