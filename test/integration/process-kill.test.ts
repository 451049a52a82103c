import { expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { seededRandom } from '../support/fake-clock.ts'
import {
  callsFor,
  createPipeline,
  preload,
  verifyPipeline,
  watchOffsets,
  type OffsetWatch,
} from '../support/pipeline.ts'
import { startTrackbridge, type TrackbridgeProcess } from '../support/trackbridge-process.ts'
import { until } from '../support/until.ts'
import { nothingAmiss } from '../support/verify-output.ts'

const partitions = 8
const kills = 10
/** From the first commit of a process to its end. */
const longestWorkMs = 1_500
const restart = { timeoutMs: 60_000 }

/** Waits until the process has committed something, and then for a random time, so that the kill strikes anywhere. */
async function killAtRandom(
  running: TrackbridgeProcess,
  offsets: OffsetWatch,
  random: () => number,
): Promise<{ readonly before: number; readonly after: number }> {
  const before = await offsets.done()
  const describe = (): string =>
    `a commit of a process that was started after a kill; its last lines:\n${running.tail()}`
  await until(async () => running.isOver() || (await offsets.done()) > before, { ...restart, describe })
  await systemClock.sleep(random() * longestWorkMs)
  running.send('SIGKILL')
  expect(await running.ended, running.tail()).toEqual({ code: null, signal: 'SIGKILL' })
  return { before, after: await offsets.done() }
}

test(
  'ten kills at random moments of the work: every message, unsupported record and dead letter is there once, in order',
  { timeout: 240_000 },
  async () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    const random = seededRandom(seed)
    const pipeline = await createPipeline(partitions, ['main', 'shop'])
    const raw = await preload(pipeline, { count: 50_000, partitions, people: 2_000 })
    const offsets = await watchOffsets(pipeline)
    const config = {
      ...pipeline.config,
      process: { chunkRecords: 200, maxBytesPerPartition: 16_384 },
    }
    const strikes: unknown[] = []
    for (let kill = 0; kill < kills; kill++)
      strikes.push(await killAtRandom(startTrackbridge(['process'], config), offsets, random))
    const told = `seed ${seed}, strikes ${JSON.stringify(strikes)}`
    process.stderr.write(told + '\n')
    expect(await offsets.done(), `${told}: the work was done before the last kill`).toBeLessThan(raw.length)
    const last = startTrackbridge(['process'], config)
    const describe = (): string => `all ${raw.length} records done; ${told}; last lines:\n${last.tail()}`
    await until(async () => last.isOver() || (await offsets.done()) === raw.length, { ...restart, describe })
    last.send('SIGTERM')
    expect(await last.ended, last.tail()).toEqual({ code: 0, signal: null })
    expect(await verifyPipeline(pipeline, raw), told).toEqual(nothingAmiss)
  },
)
