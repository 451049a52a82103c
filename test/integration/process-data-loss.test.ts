import { expect, test } from 'vitest'
import { createPipeline, preload, verifyPipeline, watchOffsets } from '../support/pipeline.ts'
import { kafkaClient } from '../support/kafka.ts'
import { startTrackbridge } from '../support/trackbridge-process.ts'
import { until } from '../support/until.ts'
import { nothingAmiss } from '../support/verify-output.ts'

const partitions = 1
const limit = { timeoutMs: 60_000 }

test('records that retention has deleted before they were read are told as lost, and the process goes on behind them', async () => {
  const pipeline = await createPipeline(partitions)
  const raw = await preload(pipeline, { count: 300, partitions, people: 20 })
  const offsets = await watchOffsets(pipeline)
  const admin = kafkaClient().admin()
  await admin.connect()
  const { rawTopic: topic, group } = pipeline
  // The group stood at 100 when it stopped; meanwhile Kafka deleted everything below 200.
  await admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset: '100' }] })
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '200' }] })
  await admin.disconnect()

  const running = startTrackbridge(['process'], pipeline.config)
  const describe = (): string => `the rest of the records done; last lines:\n${running.tail()}`
  await until(async () => running.isOver() || (await offsets.done()) === raw.length, { ...limit, describe })
  running.send('SIGTERM')
  expect(await running.ended, running.tail()).toEqual({ code: 0, signal: null })
  expect(running.tail()).toContain('data loss: offsets are no longer there')

  const left = raw.filter(({ offset }) => offset >= 200)
  expect(await verifyPipeline(pipeline, left)).toEqual(nothingAmiss)
})
