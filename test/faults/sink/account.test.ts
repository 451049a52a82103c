import { expect, test } from 'vitest'
import { createAcceptances } from '../../../faults/sink/acceptances.ts'
import { createSinkLedger, type AccountInput, type SinkAccount } from '../../../faults/sink/account.ts'
import { reading } from '../../../faults/sink/reading.ts'
import type { CommittedRecord } from '../../support/committed-reader.ts'

const at = '2026-11-21T10:00:00.000Z'
const later = '2026-11-21T10:00:07.000Z'
const blank = { key: null, source: null, messageId: null, value: null, timestamp: 0 }

interface Person {
  readonly userId?: string
  readonly anonymousId?: string
  readonly previousId?: string
}

const text = (messageId: string, person: Person, sentAt: string, type = 'track'): string =>
  JSON.stringify({ type, messageId, ...person, sentAt, receivedAt: at, properties: { n: 1 } })
const sent = (value: string, sentAt = later): string =>
  value.replace(`,"receivedAt":"${at}"`, '').replace(`"sentAt":"${at}"`, `"sentAt":"${sentAt}"`)

const [ada, bob] = [{ userId: 'ada' }, { userId: 'bob' }]
const values: Readonly<Record<string, string>> = {
  m0: text('m0', ada, at),
  m1: text('m1', bob, at),
  m2: text('m2', ada, at),
  'm3-rejected': text('m3-rejected', ada, at),
  'm4-unreadable': 'no JSON',
  m5: text('m5', bob, at),
}
const ids = Object.keys(values)
const valueOf = (messageId: string): string => values[messageId] ?? ''

const topic: readonly CommittedRecord[] = ids.map((messageId, offset) => {
  return { ...blank, topic: 'main', partition: 0, offset, messageId, value: valueOf(messageId) }
})

const letter = (source: string, reason: string, value: string): CommittedRecord => {
  const record = { ...blank, topic: 'dlq', partition: 0, offset: 0 }
  return { ...record, source, value: JSON.stringify({ reason, value }) }
}
const letters = [
  letter('main:0:3', 'rejected', valueOf('m3-rejected')),
  letter('main:0:4', 'unreadable', valueOf('m4-unreadable')),
]

interface Case {
  readonly accepted?: readonly string[]
  readonly letters?: readonly CommittedRecord[]
  readonly topic?: readonly CommittedRecord[]
  readonly input?: Partial<AccountInput>
}

const delivered = ['m0', 'm1', 'm2', 'm5'].map((messageId) => sent(valueOf(messageId)))

function accountOf({ accepted = delivered, input = {}, ...records }: Case): SinkAccount {
  const acceptances = createAcceptances()
  for (const message of accepted) acceptances.accept(message)
  const ledger = createSinkLedger()
  for (const record of records.topic ?? topic) ledger.addFed(record)
  for (const record of records.letters ?? letters) ledger.addDeadLetter(record)
  return ledger.close({
    acceptances: acceptances.messages,
    lateRepeats: acceptances.lateRepeats(),
    lots: [
      [0, 'kill'],
      [4, 'stop'],
    ],
    ordersPartitions: false,
    ...input,
  })
}

const clean: SinkAccount = {
  fed: 6,
  delivered: 4,
  deadLettered: 2,
  repeated: 0,
  order: 0,
  lost: 0,
  bent: 0,
  foreign: 0,
  misjudged: 0,
  deadLettersRepeated: 0,
  lateRepeats: 0,
  examples: [],
  byFault: {
    kill: { fed: 4, delivered: 3, deadLettered: 1, repeated: 0, order: 0, lost: 0 },
    stop: { fed: 2, delivered: 1, deadLettered: 1, repeated: 0, order: 0, lost: 0 },
  },
}

test('an outcome without fault has zeros, by fault too', () => {
  expect(accountOf({})).toEqual(clean)
})

const [m0 = '', m1 = '', m2 = '', m5 = ''] = delivered

test.each<[string, Case, readonly string[]]>([
  ['a message is lost', { accepted: [m0, m1, m5] }, ['lost: 1', 'lost m2 at main:0:2']],
  ['a dead letter is lost', { letters: letters.slice(1) }, ['lost: 1', 'lost m3-rejected at main:0:3']],
  ["a person's messages change places", { accepted: [m2, m1, m0, m5] }, ['order: 1', 'order m0 at main:0:0']],
  [
    'content has changed',
    { accepted: [m0.replace('"n":1', '"n":1.0'), m1, m2, m5] },
    ['bent: 1', 'bent m0 differs from the topic'],
  ],
  [
    'a repeat has other content',
    { accepted: [...delivered, m5.replace('"n":1', '"n":2')] },
    ['bent: 1', 'bent m5 was repeated with other content'],
  ],
  [
    'a message goes out without sentAt',
    { accepted: [m0.replace(`"sentAt":"${later}",`, ''), m1, m2, m5] },
    ['bent: 1', 'bent m0 differs from the topic'],
  ],
  [
    'receivedAt is sent along',
    { accepted: [valueOf('m0'), m1, m2, m5] },
    ['bent: 1', 'bent m0 differs from the topic'],
  ],
  [
    'a message comes from nowhere',
    { accepted: [...delivered, sent(text('m9', ada, at))] },
    ['foreign: 1', 'foreign m9 was accepted, and is not on the topic'],
  ],
  [
    'a dead letter comes from nowhere',
    { letters: [...letters, letter('main:0:99', 'rejected', 'x')] },
    ['foreign: 1', 'foreign main:0:99 is nowhere'],
  ],
  [
    'a dead letter names another reason',
    { letters: [letter('main:0:3', 'too_large', valueOf('m3-rejected')), ...letters.slice(1)] },
    ['misjudged: 1', 'misjudged m3-rejected is a dead letter for "too_large"'],
  ],
  [
    'a dead letter holds another value',
    { letters: [letter('main:0:3', 'rejected', 'x'), ...letters.slice(1)] },
    ['misjudged: 1', 'misjudged m3-rejected is a dead letter for "rejected"'],
  ],
  [
    'a message that was to be delivered is a dead letter',
    { accepted: [m0, m1, m2], letters: [...letters, letter('main:0:5', 'delivered', valueOf('m5'))] },
    ['misjudged: 1', 'misjudged m5 at main:0:5, which was to be delivered'],
  ],
  [
    'a message that was to be refused is accepted',
    { accepted: [...delivered, sent(valueOf('m3-rejected'))] },
    ['misjudged: 1', 'misjudged m3-rejected at main:0:3, which was to be rejected'],
  ],
])('the row is bad when %s', (_name, faulty, bad) => {
  expect(reading.judge(accountOf(faulty), 'clean')).toEqual(bad)
})

test.each<[string, Case, Partial<SinkAccount>]>([
  [
    'the same message again, with another sentAt',
    { accepted: [...delivered, sent(valueOf('m5'), at)] },
    { repeated: 1 },
  ],
  [
    'a repeat behind a later message of the person',
    { accepted: [m0, m1, m2, m0, m5] },
    { repeated: 1, lateRepeats: 1 },
  ],
  [
    'a message that stands on the topic twice',
    { accepted: [...delivered, m5], topic: [...topic, { ...topic[5]!, offset: 6 }] },
    {},
  ],
  ['a dead letter that is written twice', { letters: [...letters, ...letters.slice(1)] }, { deadLettersRepeated: 1 }],
  ['messages of different persons that change places', { accepted: [m1, m0, m5, m2] }, {}],
])('the row is well with %s', (_name, harmless, counts) => {
  const { byFault: _byFault, ...account } = accountOf(harmless)
  const { byFault: _clean, ...wanted } = clean
  expect(account).toEqual({ ...wanted, ...counts })
  expect(reading.judge(accountOf(harmless), 'clean')).toEqual([])
})

test.each([
  ['the bytes of its record', 'AAAA', []],
  [
    'its text instead',
    valueOf('m3-rejected'),
    ['misjudged: 1', 'misjudged m3-rejected is a dead letter for "rejected"'],
  ],
])(
  'where records are not the texts of their messages, a dead letter with %s is judged by them',
  (_name, value, bad) => {
    const inAvro = topic.map((record) => (record.messageId === 'm3-rejected' ? { ...record, held: 'AAAA' } : record))
    const account = accountOf({ topic: inAvro, letters: [letter('main:0:3', 'rejected', value), ...letters.slice(1)] })
    expect(reading.judge(account, 'clean')).toEqual(bad)
  },
)

test('where partitions are ordered, messages of different persons may not change places', () => {
  const account = accountOf({ accepted: [m0, m2, m1, m5], input: { ordersPartitions: true } })
  expect(reading.judge(account, 'clean')).toEqual(['order: 1', 'order m1 at main:0:1'])
})

test('an alias is a barrier for both of its ids', () => {
  const [before, alias, after] = [
    text('m0', { anonymousId: 'a' }, at),
    text('m1', { userId: 'u', previousId: 'a' }, at, 'alias'),
    text('m2', { userId: 'u' }, at),
  ] as const
  const all = [before, alias, after]
  const fed = all.map((value, offset) => ({ ...topic[0]!, offset, messageId: `m${offset}`, value }))
  const orderOf = (...accepted: readonly string[]): number =>
    accountOf({ accepted: accepted.map((value) => sent(value)), topic: fed, letters: [] }).order
  expect([orderOf(before, alias, after), orderOf(alias, before, after), orderOf(before, after, alias)]).toEqual([
    0, 1, 1,
  ])
})
