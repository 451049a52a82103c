// Contender: one request per message with fetch, as it is written first: in order per partition, partitions side by side.
// No retries, no offsets.
import type { Open } from './contender.ts'
import { readTopic } from './topic-reader.ts'

export const open: Open = async (job) => {
  const failed = Promise.withResolvers<never>()
  let delivered = 0
  const post = async (message: Buffer): Promise<void> => {
    const { type } = JSON.parse(message.toString()) as { readonly type: string }
    const response = await fetch(`${job.api}/${type}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Uint8Array(message),
    })
    await response.text()
    if (response.status !== 200) throw new Error(`the stand-in answers ${response.status}`)
    delivered++
  }
  const reader = await readTopic(job, async (records) => {
    for (const { value } of records)
      if (value !== null) await post(value).catch((error: unknown) => failed.reject(error))
  })
  return {
    joined: () => reader.joined(),
    processed: () => delivered,
    ended: Promise.race([reader.ended, failed.promise]),
    drain: () => reader.stop(),
    stop: () => Promise.resolve(),
  }
}
