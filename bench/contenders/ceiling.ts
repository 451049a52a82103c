// Contenders: the ceiling. What the Kafka client and the HTTP client take by themselves: values go out in full batches
// whatever their partition. No order, no retries, no offsets. Once the values are put together as they are read, which no
// API of this kind should be sent; once with sentAt set, as whoever writes such a loop in a day sets it.
import { Pool } from 'undici'
import { systemClock } from '../../src/clock.ts'
import type { Job, Open, Running } from './contender.ts'
import { messagesARequest } from './sink-config.ts'
import { readTopic } from './topic-reader.ts'

const maxInFlight = 16
const [opening, comma, closing] = ['{"batch":[', ',', ']}'].map((text) => Buffer.from(text))

/** Values as they are. */
export const open: Open = (job) => openCeiling(job, (value) => value)

/** With the time of the attempt as sentAt, and without receivedAt. */
export const openWithSentAt: Open = (job) =>
  openCeiling(job, (value) => {
    const { receivedAt: _receivedAt, ...message } = JSON.parse(value.toString()) as Record<string, unknown>
    return Buffer.from(JSON.stringify({ ...message, sentAt: new Date(systemClock.now()).toISOString() }))
  })

async function openCeiling(job: Job, toSend: (value: Buffer) => Buffer): Promise<Running> {
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
      if (value !== null) waiting.push(toSend(value))
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
