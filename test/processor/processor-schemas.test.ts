import { expect, onTestFinished, test } from 'vitest'
import { startProcessor } from '../../src/processor/processor.ts'
import { TrackbridgeError } from '../../src/errors.ts'
import { silentLog } from '../../src/ops/log.ts'
import { runUntil } from '../support/fake-clock.ts'
import { processorOptions, setUp, stopWithin } from '../support/processor.ts'

const call = JSON.stringify({ method: 'PUT', path: '/api/v1/customers/42', body: {} })
const inAvro = Buffer.from(`\0${call}`)

test('a registry that is down stops the partition that needs it, says so, and nothing is lost', async () => {
  const setting = setUp()
  const { broker, clock } = setting
  let isDown = true
  const down = new TrackbridgeError('TB_REGISTRY_UNAVAILABLE', 'the schema registry is down')
  broker.append([
    { topic: 'raw', partition: 0, value: inAvro },
    { topic: 'raw', partition: 1, value: Buffer.from(call) },
  ])
  const processor = await startProcessor(
    {
      broker,
      clock,
      log: silentLog,
      decodeAvro: (value) => ({ ok: true, value: JSON.parse(value.toString('utf8', 1)) as unknown }),
      ensureSchemas: (records) =>
        isDown && [...records].some(({ value }) => value?.[0] === 0) ? Promise.reject(down) : undefined,
    },
    processorOptions(),
  )
  onTestFinished(() => stopWithin(clock, processor))
  await runUntil(clock, () => processor.status().stuck.size > 0 && setting.committed()[1] === 1)
  expect([[...processor.status().stuck.values()], broker.stored('dlq')]).toEqual([['the schema registry is down'], []])
  isDown = false
  await runUntil(clock, () => setting.committed()[0] === 1)
  const main = broker.stored('main').map(({ partition }) => partition)
  expect([new Set(main), processor.status().stuck.size, broker.stored('dlq')]).toEqual([new Set([0, 1]), 0, []])
})
