import { expect, test } from 'vitest'
import {
  createPipeline,
  groupOf,
  preload,
  verifyPipeline,
  watchOffsets,
  watchUncommitted,
} from '../support/pipeline.ts'
import { startTrackbridge } from '../support/trackbridge-process.ts'
import { until } from '../support/until.ts'
import { nothingAmiss } from '../support/verify-output.ts'

const partitions = 4

/** Signals that are all there when the process wakes. Of two SIGTERM the system would deliver one. */
const twoAtOnce = ['SIGSTOP', 'SIGINT', 'SIGTERM', 'SIGCONT'] as const

test('SIGTERM in the midst of work ends the process in order; the next one goes on where it stopped', async () => {
  const pipeline = await createPipeline(partitions)
  const raw = await preload(pipeline, { count: 20_000, partitions, people: 500 })
  const offsets = await watchOffsets(pipeline)
  const config = { ...pipeline.config, process: { chunkRecords: 100, maxBytesPerPartition: 16_384 } }
  const first = startTrackbridge(['process'], config)
  const done = async (): Promise<boolean> => first.isOver() || (await offsets.done()) >= 1_000
  await until(done, { timeoutMs: 30_000, describe: () => `1,000 records done; last lines:\n${first.tail()}` })
  first.send('SIGTERM')
  await until(() => first.isOver(), { timeoutMs: 20_000, describe: () => `an end; last lines:\n${first.tail()}` })
  expect(await first.ended, first.tail()).toEqual({ code: 0, signal: null })
  expect(first.lines.slice(-2).map(({ msg }) => msg)).toEqual(['stopping', 'stopped'])
  expect(await groupOf(pipeline)).toEqual({ state: 'Empty', members: 0 })

  const stoppedAt = await offsets.byPartition()
  const part = raw.filter(({ partition, offset }) => offset < (stoppedAt[partition] ?? 0))
  expect(part.length).toBeLessThan(raw.length)
  expect(await verifyPipeline(pipeline, part), 'what is committed, and nothing else').toEqual(nothingAmiss)

  const second = startTrackbridge(['process'], config)
  await until(async () => second.isOver() || (await offsets.done()) === raw.length, {
    timeoutMs: 60_000,
    describe: () => `all ${raw.length} records done; last lines:\n${second.tail()}`,
  })
  second.send('SIGTERM')
  expect(await second.ended, second.tail()).toEqual({ code: 0, signal: null })
  expect(await verifyPipeline(pipeline, raw)).toEqual(nothingAmiss)
})

test('a second signal ends the process there and then; the next one loses and repeats nothing', async () => {
  const pipeline = await createPipeline(partitions)
  const raw = await preload(pipeline, { count: 20_000, partitions, people: 500 })
  const offsets = await watchOffsets(pipeline)
  const [main = ''] = pipeline.topics.destinations
  const uncommitted = await watchUncommitted(main)
  const config = { ...pipeline.config, process: { chunkRecords: 100, maxBytesPerPartition: 16_384 } }
  const rounds = 2
  for (let round = 1; round <= rounds; round++) {
    const running = startTrackbridge(['process'], config)
    const describe = (): string => `round ${round}; last lines:\n${running.tail()}`
    const done = await offsets.done()
    await until(async () => running.isOver() || (await offsets.done()) > done, { timeoutMs: 60_000, describe })
    await Promise.race([uncommitted.next(), running.ended])
    for (const signal of twoAtOnce) running.send(signal)
    expect([130, 143], running.tail()).toContain((await running.ended).code)
    expect(
      running.lines.filter(({ msg }) => msg === 'stopped'),
      running.tail(),
    ).toEqual([])
  }
  expect(await offsets.done(), 'the work was done before the last signals').toBeLessThan(raw.length)

  const last = startTrackbridge(['process'], config)
  await until(async () => last.isOver() || (await offsets.done()) === raw.length, {
    timeoutMs: 60_000,
    describe: () => `all ${raw.length} records done; last lines:\n${last.tail()}`,
  })
  last.send('SIGTERM')
  expect(await last.ended, last.tail()).toEqual({ code: 0, signal: null })
  expect(await verifyPipeline(pipeline, raw)).toEqual(nothingAmiss)
})

test('SIGTERM while there is nothing to do ends the process in order as well', async () => {
  const pipeline = await createPipeline(1)
  const idle = startTrackbridge(['process'], pipeline.config)
  await until(() => idle.isOver() || idle.lines.some(({ msg }) => msg === 'assignment'), {
    describe: () => idle.tail(),
  })
  idle.send('SIGTERM')
  expect(await idle.ended, idle.tail()).toEqual({ code: 0, signal: null })
  expect(await groupOf(pipeline)).toEqual({ state: 'Empty', members: 0 })
})
