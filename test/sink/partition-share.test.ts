import { expect, test } from 'vitest'
import { followPartitions } from '../../src/sink/partition-share.ts'
import { createFakeClock, runUntil, settle } from '../support/fake-clock.ts'
import { createMemoryBroker, type MemoryBroker } from '../support/memory-broker.ts'
import { createRecordingLog } from '../support/recording-log.ts'

function follow({ broker, isRateShared = true }: { broker: MemoryBroker; isRateShared?: boolean }) {
  const clock = createFakeClock(0)
  const { log, lines } = createRecordingLog()
  const owned: string[] = []
  const rate = {
    takeNow: () => true,
    take: async () => true,
    leave: () => undefined,
    own: (of: number, all: number) => owned.push(`${of}/${all}`),
  }
  const stopping = new AbortController()
  const share = followPartitions(
    { broker, clock, rate, log },
    { topic: 't', partitions: 4, isRateShared },
    stopping.signal,
  )
  const stop = async (): Promise<readonly number[]> => {
    stopping.abort()
    await share.ended
    return [broker.open(), clock.sleeping()]
  }
  return { clock, lines, owned, share, stop }
}

function brokerWith(partitions: number): MemoryBroker {
  const broker = createMemoryBroker()
  broker.createTopic('t', partitions)
  return broker
}

test('the first assignment counts at once, by the number of partitions known from the start', async () => {
  const { owned, share, stop } = follow({ broker: brokerWith(8) })
  share.own(2)
  await settle()
  expect([owned, await stop()]).toEqual([['2/4'], [0, 0]])
})

test('a smaller part counts at once, and a larger one once Kafka has told how many partitions there are', async () => {
  const { owned, share, stop } = follow({ broker: brokerWith(8) })
  share.own(2)
  share.own(1)
  expect(owned).toEqual(['2/4', '1/4'])
  await settle()
  expect(owned).toEqual(['2/4', '1/4', '1/8'])
  share.own(4)
  expect(owned).toEqual(['2/4', '1/4', '1/8'])
  await settle()
  expect([owned.slice(3), await stop()]).toEqual([['4/8'], [0, 0]])
})

test('when Kafka does not tell, the part stays as it is, the log says so, and it is asked again', async () => {
  const broker = brokerWith(8)
  let refusals = 2
  const unwilling = {
    ...broker,
    admin: () => (refusals-- > 0 ? Promise.reject(new Error('away')) : broker.admin()),
  }
  const { clock, lines, owned, share, stop } = follow({ broker: unwilling })
  share.own(1)
  share.own(3)
  await settle()
  expect(owned).toEqual(['1/4'])
  await runUntil(clock, () => owned.length === 2)
  expect([owned, clock.now(), lines.map(({ level }) => level)]).toEqual([['1/4', '3/8'], 10_000, ['warn', 'warn']])
  expect(await stop()).toEqual([0, 0])
})

test('a rate that is not shared needs no question', async () => {
  const broker = brokerWith(8)
  let questions = 0
  const asked = { ...broker, admin: () => (questions++, broker.admin()) }
  const { owned, share, stop } = follow({ broker: asked, isRateShared: false })
  share.own(2)
  share.own(3)
  await settle()
  expect([owned, questions, await stop()]).toEqual([['2/4', '3/4'], 0, [0, 0]])
})
