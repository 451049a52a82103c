// Contenders: the ceiling. What the Kafka client and the HTTP client take by themselves: messages go out in full batches
// whatever their partition. No order, no retries, no offsets. Once each gets the time of its request as sentAt, and loses
// receivedAt, by the product's own functions; once the bytes go as they lie on the topic, unread, which no API of this kind
// should be sent.
import { Pool } from 'undici'
import { systemClock } from '../../src/clock.ts'
import { outgoing } from '../../src/sink/outgoing.ts'
import { requestBody, requestFormats } from '../../src/sink/request-format.ts'
import type { Job, Open, Running } from './contender.ts'
import { messagesARequest } from './sink-config.ts'
import { readTopic } from './topic-reader.ts'

const maxInFlight = 16
const format = requestFormats.pipelines
const [opening, comma, closing] = [format.opening, format.separator, format.closing].map((text) => Buffer.from(text))

/** Values as they are. */
export const openUnread: Open = (job) => openCeiling(job, joined)

/** With the time of the attempt as sentAt, and without receivedAt. */
export const open: Open = (job) =>
  openCeiling(job, (values) => {
    const messages = values.map((value) => outgoing(value)).filter((message) => message.ok)
    return requestBody(format, messages, { alone: false, sentAtMs: systemClock.now() })
  })

async function openCeiling(job: Job, bodyOf: (values: readonly Buffer[]) => Buffer): Promise<Running> {
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
      body: bodyOf(values),
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

function joined(values: readonly Buffer[]): Buffer {
  const parts = values.flatMap((value, index) => (index === 0 ? [value] : [comma!, value]))
  return Buffer.concat([opening!, ...parts, closing!])
}
