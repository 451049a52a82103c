import { describe, expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import type { OutRecord } from '../../src/kafka/broker.ts'
import { deadLetterRecord, type DeadLetterInput } from '../../src/records/dead-letter.ts'
import { settle } from '../support/fake-clock.ts'
import { createDeadLetterWriter, writeTogether } from '../../src/sink/dead-letter-writer.ts'

const letter = (offset: number, partition = 5): DeadLetterInput => ({
  source: { topic: 't', partition, offset, timestamp: 1_000, key: null, value: Buffer.from('x'), headers: [] },
  reason: 'rejected',
  message: 'no',
  stage: 'sink',
  destination: 'main',
  attempt: 1,
  at: 2_000,
})

function writerWith(send: (records: readonly OutRecord[]) => Promise<void>) {
  const sent: OutRecord[][] = []
  const write = createDeadLetterWriter(
    {
      async send(records) {
        await send(records)
        sent.push([...records])
      },
    },
    { topic: 'dlq', partitions: 3 },
  )
  return { write, sent }
}

test('dead letters go together to the partition of their source, modulo the count, with its timestamp', async () => {
  const { write, sent } = writerWith(async () => undefined)
  await write([letter(1), letter(2)])
  const expected = [letter(1), letter(2)].map((one) => ({
    ...deadLetterRecord(one),
    topic: 'dlq',
    partition: 2,
    timestamp: 1_000,
  }))
  expect(sent).toEqual([expected])
})

test('dead letters that are too large together are written one by one', async () => {
  const { write, sent } = writerWith(async (records) => {
    if (records.length > 1) throw new TrackbridgeError('TB_KAFKA_TOO_LARGE', 'too large')
  })
  await write([letter(1), letter(2)])
  expect(sent.map((records) => records.map((record) => record.headers['tb-src']))).toEqual([['t:5:1'], ['t:5:2']])
})

test.each(['TB_KAFKA_UNAVAILABLE', 'TB_REGISTRY_UNAVAILABLE', 'TB_KAFKA_UNAUTHORIZED'] as const)(
  '%s is passed on, for it can be mended',
  async (code) => {
    const fault = new TrackbridgeError(code, 'away')
    const { write } = writerWith(() => Promise.reject(fault))
    await expect(write([letter(1), letter(2)])).rejects.toBe(fault)
  },
)

test.each([
  ['one alone is too large', new TrackbridgeError('TB_KAFKA_TOO_LARGE', 'too large')],
  ['Kafka never takes it', new TrackbridgeError('TB_KAFKA_FATAL', 'too large')],
  ['anything else fails', new Error('too large')],
])('the topic refuses when %s, and the error names record and reason', async (_, fault) => {
  const { write } = writerWith(() => Promise.reject(fault))
  await expect(write([letter(1)])).rejects.toEqual(
    new TrackbridgeError('TB_DEAD_LETTER_REFUSED', 'topic "dlq" does not take the dead letter of t:5:1: too large', {
      context: { topic: 't', partition: 5, offset: 1 },
      cause: fault,
    }),
  )
})

function writtenTogether() {
  const writes: { readonly offsets: readonly number[]; readonly end: PromiseWithResolvers<void> }[] = []
  const write = writeTogether(
    (letters) => {
      const end = Promise.withResolvers<void>()
      writes.push({ offsets: letters.map(({ source }) => source.offset), end })
      return end.promise
    },
    { partitions: 3 },
  )
  return { write, writes, offsets: () => writes.map((one) => one.offsets) }
}

describe('letters that come while others are being written', () => {
  test('go together in the next write, and each waits for its own', async () => {
    const { write, writes, offsets } = writtenTogether()
    const ends: string[] = []
    const begin = (name: string, ...given: readonly number[]): void => {
      void write(given.map((offset) => letter(offset))).then(() => ends.push(name))
    }
    begin('first', 1)
    begin('second', 2, 3)
    begin('third', 4)
    expect(offsets()).toEqual([[1]])
    writes[0]?.end.resolve()
    await settle()
    expect([offsets(), ends]).toEqual([[[1], [2, 3, 4]], ['first']])
    writes[1]?.end.resolve()
    await settle()
    begin('fourth', 5)
    expect([offsets().at(-1), ends]).toEqual([[5], ['first', 'second', 'third']])
  })

  test('do not wait for those of another partition of the topic', async () => {
    const { write, writes, offsets } = writtenTogether()
    const stuck = write([letter(1, 0)])
    const apart = write([letter(2, 4)])
    const behind = write([letter(3, 3)])
    expect(offsets()).toEqual([[1], [2]])
    writes[1]?.end.resolve()
    await apart
    expect(offsets()).toEqual([[1], [2]])
    writes[0]?.end.resolve()
    await stuck
    await settle()
    writes[2]?.end.resolve()
    await behind
    expect(offsets()).toEqual([[1], [2], [3]])
  })

  test('are all told of a fault that can be mended', async () => {
    const { write, writes } = writtenTogether()
    const all = Promise.allSettled([write([letter(1)]), write([letter(2)]), write([letter(3)])])
    writes[0]?.end.resolve()
    await settle()
    const fault = new TrackbridgeError('TB_KAFKA_UNAVAILABLE', 'away')
    writes[1]?.end.reject(fault)
    const rejected = { status: 'rejected', reason: fault }
    expect(await all).toEqual([{ status: 'fulfilled', value: undefined }, rejected, rejected])
  })

  test('are not refused because another one is', async () => {
    const refusal = new TrackbridgeError('TB_DEAD_LETTER_REFUSED', 'too large')
    const write = writeTogether(
      async (letters) => {
        await settle()
        if (letters.some(({ source }) => source.offset === 2)) throw refusal
      },
      { partitions: 1 },
    )
    const all = await Promise.allSettled([1, 2, 3].map((offset) => write([letter(offset)])))
    expect(all.map((one) => (one.status === 'rejected' ? one.reason : one.status))).toEqual([
      'fulfilled',
      refusal,
      'fulfilled',
    ])
  })
})
