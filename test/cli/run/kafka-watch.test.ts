import { expect, test } from 'vitest'
import { createGroupProgress } from '../../../src/cli/run/group-progress.ts'
import { watchKafka } from '../../../src/cli/run/kafka-watch.ts'
import type { Admin } from '../../../src/kafka/broker.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { until } from '../../support/until.ts'

test('Kafka is asked for the ends of all partitions at once, and is not ready while it does not answer', async () => {
  const asked: string[] = []
  let fault: Error | undefined
  const admin = {
    cluster: async () => void asked.push('cluster'),
    watermarks: async (topic: string) => {
      asked.push(topic)
      if (fault) throw fault
      return new Map([[0, { earliest: 0, lastStable: 8 }]])
    },
    groupOffsets: async () => new Map([[0, 3]]),
    close: async () => void asked.push('close'),
  } as unknown as Admin
  const [clock, progress, over] = [createFakeClock(0), createGroupProgress(), new AbortController()]
  const watch = watchKafka({ broker: { admin: async () => admin }, clock, progress }, over.signal)
  expect(watch.notReady()).toBe('not asked yet')
  await until(() => watch.notReady() === undefined)
  progress.assigned('g', [{ topic: 'raw', partition: 0 }])
  await until(() => (clock.advance(1_000), asked.includes('raw')))
  await until(() => progress.reports()[0]?.partitions[0]?.lag === 5)
  fault = new Error('Kafka does not answer')
  await until(() => (clock.advance(1_000), watch.notReady() === 'Kafka does not answer'))
  fault = undefined
  await until(() => (clock.advance(1_000), watch.notReady() === undefined))
  over.abort()
  await watch.ended
  expect([asked[0], asked.at(-1)]).toEqual(['cluster', 'close'])
})
