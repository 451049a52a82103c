import { expect, test } from 'vitest'
import { find, type FindOptions } from '../../src/audit/find.ts'
import { parseWanted } from '../../src/audit/find-seeds.ts'
import type { Story } from '../../src/audit/story.ts'
import { systemClock } from '../../src/clock.ts'
import { placeText } from '../../src/history/window.ts'
import { silentLog } from '../../src/ops/log.ts'
import { setUp, type Setting } from './setting.ts'

function search({ broker, options }: Setting, text: string, changes: Partial<FindOptions> = {}) {
  const { signal } = new AbortController()
  const meter = { add: () => undefined, extend: () => undefined }
  const deps = { broker, clock: systemClock, log: silentLog, signal, meter }
  return find(deps, { ...options, wanted: parseWanted(text), limit: 20, ...changes })
}

/** Two messages of one call, one of another person, a dead letter. */
async function written() {
  const setting = setUp({ partitions: 2 })
  const company = { identifiers: { object_type_id: '1', object_id: 'acme' } }
  const relationships = { action: 'add_relationships', relationships: [company] }
  const identify = {
    method: 'PUT',
    path: '/api/v1/customers/42',
    body: { plan: 'pro', cio_relationships: relationships },
  }
  const event = { method: 'POST', path: '/api/v1/customers/7/events', body: { name: 'viewed' } }
  const faulty = { method: 'POST', path: '/api/v1/customers/42/events', body: {} }
  const values = [identify, event, faulty].map((call) => JSON.stringify(call))
  setting.broker.append(values.map((value) => ({ topic: 'raw', partition: 1, key: '42', value })))
  await setting.write(await setting.outputs())
  const letter = { topic: 'dlq', partition: 1, value: '{"reason":"rejected"}', headers: { 'tb-src': 'main:1:1' } }
  setting.broker.append([letter])
  const admin = await setting.broker.admin()
  await admin.commitOffsets('tb.sink.main', 'main', new Map([[1, { next: 2, note: '' }]]))
  await admin.close()
  return setting
}

const shown = ({ raw, isProcessed, operations, outputs, missing }: Story) => ({
  raw: placeText(raw),
  isProcessed,
  operations,
  missing,
  outputs: outputs.map(({ kind, place, type, reason, fate, letters }) => [
    kind,
    placeText(place),
    type ?? reason,
    fate,
    letters.map((letter) => placeText(letter.place)),
  ]),
})

const ofIdentify = {
  raw: 'raw:1:0',
  isProcessed: true,
  operations: [
    { outcome: 'translated', operation: 'person identify', who: '42' },
    { outcome: 'translated', operation: 'relationship add', who: '42' },
  ],
  missing: [],
  outputs: [
    ['message', 'main:1:0', 'identify', 'forwarded', []],
    ['message', 'main:1:1', 'group', 'dead-lettered', ['dlq:1:1']],
  ],
}
const ofEvent = {
  raw: 'raw:1:1',
  isProcessed: true,
  operations: [{ outcome: 'translated', operation: 'person event', who: '7', name: 'viewed' }],
  missing: [],
  outputs: [
    ['message', 'main:1:2', 'track', 'waiting', []],
    ['message', 'shop:1:0', 'track', 'waiting', []],
  ],
}
const ofFaulty = {
  raw: 'raw:1:2',
  isProcessed: true,
  operations: [{ outcome: 'invalid', reason: 'body.name must be a string that is not blank, found nothing' }],
  missing: [],
  outputs: [['dead-letter', 'dlq:1:0', 'invalid', null, []]],
}

test.each([
  ['its raw place', 'raw:1:0', [ofIdentify]],
  ['the place of one of its messages', 'main:1:1', [ofIdentify]],
  ['the place of a dead letter that a sink wrote of its message', 'dlq:1:1', [ofIdentify]],
  ['the place of a dead letter of process', 'dlq:1:0', [ofFaulty]],
  ['a person whose key bears it, on the raw topic or any other', '42', [ofIdentify, ofEvent, ofFaulty]],
  ['a person of whom only messages are', '7', [ofEvent]],
])('a raw record is found by %s', async (_, text, stories) => {
  const setting = await written()
  const { stories: found, more, notes } = await search(setting, text)
  expect([found.map(shown), more, notes]).toEqual([stories, 0, []])
})

test('a raw record is found by the id of one of its messages', async () => {
  const setting = await written()
  const id = setting.broker.stored('main')[1]!.headers
  const messageId = String((id as readonly (readonly [string, Buffer])[]).find(([name]) => name === 'tb-mid')![1])
  expect((await search(setting, messageId)).stories.map(shown)).toEqual([ofIdentify])
})

test('stories beyond the limit are counted', async () => {
  const setting = await written()
  const { stories, more } = await search(setting, '42', { limit: 1 })
  expect([stories.map(shown), more]).toEqual([[ofIdentify], 2])
})

test('what is missing of a processed record is named', async () => {
  const setting = setUp({ partitions: 1 })
  const value = JSON.stringify({ type: 'person', action: 'event', name: 'viewed', identifiers: { id: '7' } })
  setting.broker.append([{ topic: 'raw', value }])
  const outputs = await setting.outputs()
  await setting.write(outputs.filter(({ topic }) => topic === 'main'))
  const [story] = (await search(setting, 'raw:0:0')).stories
  const messageId = String(outputs[0]?.headers['tb-mid'])
  expect(story?.missing).toEqual([{ topic: 'shop', partition: 0, messageId, type: 'track' }])
})

test.each([
  ['raw:0:99', [['raw:0:99', 'none']], []],
  ['main:0:99', [], ['there is no committed record at main:0:99, or not any more']],
  [
    'other:0:1',
    [],
    ['there is no partition other/0 in this configuration; the topics are: raw, dlq, unsupported, main, shop'],
  ],
  ['nobody', [], []],
])('of %s it is said that there is nothing', async (text, stories, notes) => {
  const setting = await written()
  const found = await search(setting, text)
  expect([found.stories.map(({ raw, record }) => [placeText(raw), record]), found.notes]).toEqual([stories, notes])
})
