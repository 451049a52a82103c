// Contender: the ceiling. What the Kafka client and the HTTP client take by themselves: values are put together as they
// are read, in full batches whatever their partition, and posted. No order, no retries, no offsets, no sentAt.
import { Pool } from 'undici'
import type { Open } from './contender.ts'
import { messagesARequest } from './sink-config.ts'
import { readTopic } from './topic-reader.ts'

const maxInFlight = 8
const [opening, comma, closing] = ['{"batch":[', ',', ']}'].map((text) => Buffer.from(text))

export const open: Open = async (job) => {
  const { records: wanted = Number.POSITIVE_INFINITY } = job
  const { origin, pathname } = new URL(`${job.api}/batch`)
  const pool = new Pool(origin, { connections: maxInFlight, pipelining: 1 })
  const failed = Promise.withResolvers<never>()
  const underWay = new Set<Promise<void>>()
  let waiting: Buffer[] = []
  let read = 0
  let delivered = 0
  const post = async (values: readonly Buffer[]): Promise<void> => {
    const { statusCode, body } = await pool.request({
      path: pathname,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: batchOf(values),
    })
    await body.dump()
    if (statusCode !== 200) throw new Error(`the stand-in answers ${statusCode}`)
    delivered += values.length
  }
  const begin = async (values: readonly Buffer[]): Promise<void> => {
    // One more than there are connections for, so that none of them waits for us.
    while (underWay.size > maxInFlight) await Promise.race(underWay)
    const sent: Promise<void> = post(values)
      .catch((error: unknown) => failed.reject(error))
      .finally(() => underWay.delete(sent))
    underWay.add(sent)
  }
  const reader = await readTopic(job, async (records) => {
    for (const { value } of records) {
      read++
      if (value !== null) waiting.push(value)
      if (waiting.length < messagesARequest && read < wanted) continue
      const full = waiting
      waiting = []
      await begin(full)
    }
  })
  return {
    joined: () => reader.joined(),
    processed: () => delivered,
    ended: Promise.race([reader.ended, failed.promise]),
    drain: () => reader.stop(),
    stop: () => pool.close(),
  }
}

function batchOf(values: readonly Buffer[]): Buffer {
  const parts = values.flatMap((value, index) => (index === 0 ? [value] : [comma!, value]))
  return Buffer.concat([opening!, ...parts, closing!])
}
