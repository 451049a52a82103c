import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { startProcessor } from '../../src/processor/processor.ts'
import { createTopics, produceRaw, randomName, readCommitted, withAdmin } from '../support/kafka.ts'
import { openBroker } from '../support/kafkajs-adapter.ts'
import { processorOptions } from '../support/processor.ts'
import { routeTo } from '../support/raw-records.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { until } from '../support/until.ts'

const call = (id: string) => ({ value: `{"method":"PUT","path":"/api/v1/customers/${id}","body":{}}` })

test('a topic that matches the pattern and is deleted holds up none of the others for long', async () => {
  const prefix = randomName('gone')
  const [stays, goes] = [`${prefix}.track.stays`, `${prefix}.track.goes`] as const
  const written = ['main', 'dlq', 'unsupported'].map((name) => `${prefix}.${name}`)
  await createTopics(Object.fromEntries([...written, stays].map((name) => [name, 1])))
  await withAdmin(async (admin) => {
    await admin.createTopics({ topics: [{ topic: goes, numPartitions: 1 }], waitForLeaders: false })
    await until(async () => (await admin.listTopics()).includes(goes))
  })
  await until(() =>
    produceRaw(goes, [call('1')]).then(
      () => true,
      () => false,
    ),
  )
  await produceRaw(stays, [call('2')])
  const { log, lines } = createRecordingLog()
  const processor = await startProcessor(
    { broker: openBroker(), clock: systemClock, log },
    processorOptions({
      group: `${prefix}.process`,
      raw: { topics: [], pattern: String.raw`${prefix}\.track\..*` },
      routes: [routeTo(`${prefix}.main`)],
      deadLetterTopic: `${prefix}.dlq`,
      unsupportedTopic: `${prefix}.unsupported`,
      metadataMaxAgeMs: 1_000,
      sessionTimeoutMs: 6_000,
    }),
  )
  onTestFinished(() => processor.stop())
  const limit = { timeoutMs: 60_000, describe: () => JSON.stringify(lines.slice(-5)) }
  await until(() => processor.status().counts.raw === 2, limit)
  await withAdmin((admin) => admin.deleteTopics({ topics: [goes] }))
  await until(() => processor.status().assigned.every(({ topic }) => topic === stays), limit)
  await produceRaw(stays, [call('3')])
  await until(() => processor.status().counts.raw === 3, limit)
  const messages = await readCommitted(`${prefix}.main`, { until: 3 })
  expect(new Set(messages.map(({ key }) => key))).toEqual(new Set(['1', '2', '3']))
  expect(messages).toHaveLength(3)
  expect(processor.status().topics).toEqual({
    [goes]: { partitions: 0, stuck: 0, raw: 1 },
    [stays]: { partitions: 1, stuck: 0, raw: 2 },
  })
})
