import { describe, expect, test } from 'vitest'
import { drawBalance, type BalanceFacts } from '../../src/demo/balance.ts'

const tally = (name: string, records: number) => ({ name, records, distinct: records, written: records })

const facts: BalanceFacts = {
  fed: 1_003,
  rawRecords: 1_003,
  processed: { raw: 1_003, translated: 960, unsupported: 20, deadLetters: 23, skipped: 0 },
  topics: {
    customerio: tally('to.api', 1_100),
    warehouse: tally('to.warehouse', 400),
    unsupported: tally('unsupported', 20),
    deadLetters: { name: 'dead', records: 25, distinct: 25, written: 25 },
  },
  rejected: 0,
  api: { accepted: 1_100, repeats: 0, resets: 0, lacking: 0 },
}

const { topics } = facts
const { customerio, warehouse, unsupported, deadLetters } = topics

const withTopics = (part: Partial<BalanceFacts['topics']>): Partial<BalanceFacts> => ({
  topics: { ...topics, ...part },
})

describe('the balance', () => {
  test('holds when everything that went in has come out once', () => {
    expect(drawBalance(facts)).toEqual({
      ok: true,
      lines: [
        { ok: true, text: '1,003 calls fed = 1,003 raw records = 960 translated + 20 unsupported + 23 dead letters' },
        { ok: true, text: 'to.api: 1,100 messages, none twice = 1,100 accepted by the API' },
        { ok: true, text: 'no message was accepted twice' },
        { ok: true, text: 'to.warehouse: 400 messages, none twice = 400 written, for consumers of your own' },
        { ok: true, text: 'unsupported: 20 records, none twice = 20 calls' },
        { ok: true, text: 'dead: 25 records, none twice = 23 calls + 2 parts of batches' },
      ],
    })
  })

  test('holds with messages that the API does not take: they are dead letters', () => {
    const { ok, lines } = drawBalance({
      ...facts,
      topics: { ...topics, deadLetters: { ...deadLetters, records: 26, distinct: 26 } },
      rejected: 1,
      api: { ...facts.api, accepted: 1_099, lacking: 1 },
    })
    expect([ok, lines[1]?.text, lines[5]?.text]).toEqual([
      true,
      'to.api: 1,100 messages, none twice = 1,099 accepted by the API + 1 that it does not take',
      'dead: 26 records, none twice = 23 calls + 2 parts of batches + 1 message that the API does not take',
    ])
  })

  test('holds with repeats that a cut connection explains', () => {
    const { ok, lines } = drawBalance({ ...facts, api: { ...facts.api, repeats: 200, resets: 1 } })
    expect([ok, lines[2]?.text]).toEqual([
      true,
      '200 messages came to the API a second time, after a cut connection: same messageId, so each counts once',
    ])
  })

  test.each<[string, Partial<BalanceFacts>, number, string]>([
    [
      'a fed call is not on the raw topic',
      { fed: 1_004 },
      0,
      '1,004 calls fed ≠ 1,003 raw records = 960 translated + 20 unsupported + 23 dead letters',
    ],
    [
      'a raw record was not processed',
      { processed: { ...facts.processed, raw: 1_002, translated: 959 } },
      0,
      '1,003 calls fed = 1,003 raw records ≠ 1,002 processed = 959 translated + 20 unsupported + 23 dead letters',
    ],
    [
      'a raw record has ended nowhere',
      { processed: { ...facts.processed, translated: 959 } },
      0,
      '1,003 calls fed = 1,003 raw records ≠ 959 translated + 20 unsupported + 23 dead letters',
    ],
    [
      'a message has not reached the API',
      { api: { ...facts.api, accepted: 1_099, lacking: 1 } },
      1,
      'to.api: 1,100 messages, none twice ≠ 1,099 accepted by the API; the API lacks 1 of them',
    ],
    [
      'the API has another message in place of one',
      { api: { ...facts.api, lacking: 1 } },
      1,
      'to.api: 1,100 messages, none twice = 1,100 accepted by the API; the API lacks 1 of them',
    ],
    [
      'a message is on its topic twice',
      withTopics({ customerio: { ...customerio, distinct: 1_099 } }),
      1,
      'to.api: 1,100 messages, 1 twice = 1,100 accepted by the API',
    ],
    [
      'a message that was written is not on the topic of the API',
      withTopics({ customerio: { ...customerio, written: 1_101 } }),
      1,
      'to.api: 1,100 messages, none twice = 1,100 accepted by the API',
    ],
    [
      'messages were repeated and no connection was cut',
      { api: { ...facts.api, repeats: 2 } },
      2,
      '2 messages came to the API a second time, though no connection was cut',
    ],
    [
      'a topic without a sink lacks a message',
      withTopics({ warehouse: { ...warehouse, records: 399, distinct: 399 } }),
      3,
      'to.warehouse: 399 messages, none twice ≠ 400 written, for consumers of your own',
    ],
    [
      'an unsupported record is missing',
      withTopics({ unsupported: { ...unsupported, records: 19, distinct: 19 } }),
      4,
      'unsupported: 19 records, none twice ≠ 20 calls',
    ],
    [
      'a dead letter is there twice',
      withTopics({ deadLetters: { ...deadLetters, records: 26 } }),
      5,
      'dead: 26 records, 1 twice ≠ 23 calls + 2 parts of batches',
    ],
  ])('does not hold when %s', (_, change, line, text) => {
    const { ok, lines } = drawBalance({ ...facts, ...change })
    expect(ok).toBe(false)
    expect(lines.flatMap((one, index) => (one.ok ? [] : [[index, one.text]]))).toEqual([[line, text]])
  })
})
