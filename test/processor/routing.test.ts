import { describe, expect, test } from 'vitest'
import { refusal, type Route } from '../../src/processor/routing.ts'
import type { Message } from '../../src/translate/message.ts'
import { translate } from '../../src/translate/translate.ts'
import { routeTo } from '../support/raw-records.ts'

const origin = { topic: 'raw', partition: 0, offset: 0, timestampMs: 0 }

function messageOf(call: object): Message {
  const [operation] = translate(call, origin).operations
  if (operation?.outcome !== 'translated' || operation.messages[0] === undefined) throw new Error('no message')
  return operation.messages[0]
}

const byId = { identifiers: { id: '42' } }
const byEmail = { identifiers: { email: 'a@example.org' } }
const event = (identity: object, name = 'purchase') => messageOf({ type: 'person', action: 'event', name, ...identity })
const identify = (identity: object, attributes: object = {}) =>
  messageOf({ type: 'person', action: 'identify', ...identity, attributes })

interface Row {
  readonly name: string
  readonly where: Partial<Route['where']>
  readonly message: Message
  readonly source?: string
  readonly refused: string | undefined
}

const rows: readonly Row[] = [
  { name: 'without lists takes everything', where: {}, message: event(byId), refused: undefined },
  {
    name: 'takes a source of its list',
    where: { sources: ['web', 'shop'] },
    message: event(byId),
    source: 'shop',
    refused: undefined,
  },
  {
    name: 'refuses another source',
    where: { sources: ['web'] },
    message: event(byId),
    source: 'shop',
    refused: 'where.sources does not list "shop"',
  },
  {
    name: 'with sources refuses calls that have none',
    where: { sources: ['web'] },
    message: event(byId),
    refused: 'where.sources does not list calls without a source',
  },
  { name: 'takes a type of its list', where: { types: ['track'] }, message: event(byId), refused: undefined },
  {
    name: 'refuses another type',
    where: { types: ['track', 'page'] },
    message: identify(byId),
    refused: 'where.types does not list identify',
  },
  { name: 'takes an event of its list', where: { events: ['purchase'] }, message: event(byId), refused: undefined },
  {
    name: 'refuses another event',
    where: { events: ['purchase'] },
    message: event(byId, 'Purchase'),
    refused: 'where.events does not list "Purchase"',
  },
  {
    name: 'with events takes messages that are no events',
    where: { events: ['purchase'] },
    message: identify(byId),
    refused: undefined,
  },
  {
    name: 'refuses who is known by email only, when told to',
    where: { excludeEmailOnly: true },
    message: identify(byEmail),
    refused: 'where.excludeEmailOnly: known by email address only',
  },
  {
    name: 'takes who is known by email only, unless told otherwise',
    where: {},
    message: identify(byEmail),
    refused: undefined,
  },
  {
    name: 'takes a person with an id and an email address as attribute',
    where: { excludeEmailOnly: true },
    message: identify(byId, { email: 'a@example.org' }),
    refused: undefined,
  },
  {
    name: 'takes somebody anonymous',
    where: { excludeEmailOnly: true },
    message: event({ identifiers: { anonymous_id: 'x' } }),
    refused: undefined,
  },
]

describe('a destination', () => {
  test.each(rows)('$name', ({ where, message, source, refused }) => {
    const route = routeTo('main', { where: { excludeEmailOnly: false, ...where } })
    expect(refusal(route, message, source)).toBe(refused)
  })
})
