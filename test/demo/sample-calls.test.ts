import { describe, expect, test } from 'vitest'
import { sampleCalls, sampleKinds, type SampleCall } from '../../src/demo/sample-calls.ts'
import { messageTypes } from '../../src/translate/message.ts'
import { processRecord, type Processed } from '../../src/processor/topology.ts'

const startMs = Date.UTC(2026, 0, 1)
const many = [...sampleCalls({ seed: 1, count: 8_000, startMs })]

const settings = {
  routes: [{ name: 'all', topic: 'all', where: { excludeEmailOnly: false }, integrations: { All: true } }],
  mapping: { relationshipDelete: 'track', relationshipTraitsKey: 'relationship_traits' },
  deadLetterTopic: 'dead',
  unsupportedTopic: 'unsupported',
  partitionOf: () => 0,
} as const

function become({ key, value }: SampleCall, offset: number): Processed {
  const source = { topic: 'raw', partition: 0, offset, timestamp: startMs }
  return processRecord({ ...source, key: Buffer.from(key), value: Buffer.from(value), headers: [] }, settings)
}

const became = many.map(become)
const messages = became.flatMap(({ records }) => records).filter(({ topic }) => topic === 'all')

const share = (becomes: SampleCall['becomes']): number =>
  many.filter((call) => call.becomes === becomes).length / many.length

describe('the sample calls', () => {
  test('are the same for the same seed and others for another', () => {
    const again = [...sampleCalls({ seed: 1, count: 300, startMs })]
    const others = [...sampleCalls({ seed: 2, count: 300, startMs })]
    expect(again).toEqual(many.slice(0, 300))
    expect(others).not.toEqual(again)
  })

  test('are as many as asked for', () => {
    expect([0, 1, 7].map((count) => [...sampleCalls({ seed: 3, count, startMs })].length)).toEqual([0, 1, 7])
  })

  test('are of every kind', () => {
    expect([...new Set(many.map(({ kind }) => kind))].sort()).toEqual(sampleKinds.map(({ name }) => name).sort())
  })

  test.each(sampleKinds)('of the kind $name become what the kind says', ({ name, becomes }) => {
    const slots = many.flatMap((call, index) => (call.kind === name ? [became[index]?.slot] : []))
    expect([...new Set(slots)]).toEqual([becomes])
  })

  test('are malformed in about 2 of 100 cases and unsupported in about 2 of 100', () => {
    expect([share('dead-letter') > 0.01, share('dead-letter') < 0.03]).toEqual([true, true])
    expect([share('unsupported') > 0.01, share('unsupported') < 0.03]).toEqual([true, true])
  })

  test('become messages of every type, each with an id of its own', () => {
    expect(new Set(messages.map(({ headers }) => headers['tb-type']))).toEqual(new Set(messageTypes))
    expect(new Set(messages.map(({ headers }) => headers['tb-mid'])).size).toBe(messages.length)
  })

  test('stay below the 32 KB of the Track API (1,024 bytes each), and some need a request of their own at the sink', () => {
    const sizes = many.map(({ value }) => Buffer.byteLength(value))
    const alone = messages.filter(({ value }) => Buffer.byteLength(value ?? '') > 32_000)
    expect([Math.max(...sizes) <= 32_768, alone.length > 0]).toEqual([true, true])
  })

  test('keep numbers of 20 digits', () => {
    expect(many.some(({ value }) => /"account_number":9\d{19}\b/.test(value))).toBe(true)
  })
})
