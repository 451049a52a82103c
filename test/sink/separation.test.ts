import { describe, expect, test } from 'vitest'
import { destinationTo, setUpQuiet } from '../support/quiet-sink.ts'
import { ok, status } from '../support/recording-api.ts'
import { feed } from '../support/sink.ts'

const minuteMs = 60_000
const hang = Promise.withResolvers<never>()

/** What the API of "main" was asked in an hour, and when; with or without a neighbour that answers like this. */
async function hourBeside(neighbour: (() => ReturnType<typeof status> | Promise<never>) | null) {
  const { api, broker, clock, pass, start } = setUpQuiet({ main: 2, other: 2 })
  api.answer(({ url }) => (url.includes('main') || neighbour === null ? ok : neighbour()))
  const main = destinationTo('main', { limits: { requestsPerSecond: 5, maxInFlight: 2 } })
  const other = destinationTo('other', { shutdownTimeoutMs: 0, limits: { maxBufferBytes: 20_000 } })
  const startMs = clock.now()
  const sink = await start(neighbour === null ? [main] : [main, other])
  let most = 0
  for (let minute = 0; minute < 60; minute++) {
    for (const topic of ['main', 'other'])
      for (const partition of [0, 1]) feed({ broker }, partition, [minute * 45, (minute + 1) * 45], topic)
    await pass(minuteMs)
    most = Math.max(most, sink.status()[1]?.counters.bufferedBytes ?? 0)
  }
  const asked = api.requests.filter(({ url }) => url.includes('main'))
  return {
    asked: asked.map(({ atMs, messages }) => [atMs - startMs, ...messages.map(({ messageId }) => messageId)]),
    delivered: sink.status().map(({ counters }) => counters.delivered),
    most,
  }
}

describe('a destination that is stuck for an hour', () => {
  test.each([
    ['fails', () => status(503)],
    ['is blocked', () => status(401)],
    ['never answers', () => hang.promise],
  ])(
    'because it %s, neither slows nor delays another by a millisecond, and holds no more than maxBufferBytes',
    async (_, neighbour) => {
      const alone = await hourBeside(null)
      const beside = await hourBeside(neighbour)
      expect(beside.asked).toEqual(alone.asked)
      expect([alone.delivered, beside.delivered, alone.asked.length > 500]).toEqual([[5_400], [5_400, 0], true])
      expect([beside.most > 15_000, beside.most <= 20_000]).toEqual([true, true])
    },
  )
})
