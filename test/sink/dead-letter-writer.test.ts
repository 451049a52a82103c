import { expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import type { OutRecord } from '../../src/kafka/broker.ts'
import { deadLetterRecord, type DeadLetterInput } from '../../src/records/dead-letter.ts'
import { createDeadLetterWriter } from '../../src/sink/dead-letter-writer.ts'

const letter = (offset: number): DeadLetterInput => ({
  source: { topic: 't', partition: 5, offset, timestamp: 1_000, key: null, value: Buffer.from('x'), headers: [] },
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
