import { expect, test } from 'vitest'
import { provideKafka } from '../../src/demo/provide-kafka.ts'
import { kafkaBrokers, withAdmin } from '../support/kafka.ts'

test('KAFKA_BROKERS comes first, is used as it is and is left running', async () => {
  const progress: string[] = []
  const dead = '127.0.0.1:1'
  const env = { KAFKA_BROKERS: ` ${dead}, ${kafkaBrokers().join(',')}`, PATH: '' }
  const kafka = await provideKafka({ env, onProgress: (line) => progress.push(line) })
  expect({ ...kafka, stop: undefined }).toEqual({
    kind: 'external',
    brokers: [dead, ...kafkaBrokers()],
    stop: undefined,
  })
  expect(progress).toEqual([])
  await kafka.stop()
  expect((await withAdmin((admin) => admin.describeCluster())).brokers).not.toEqual([])
})
