import { expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { readCommitted } from '../support/kafka.ts'
import {
  createPipeline,
  preload,
  verifyPipeline,
  watchOffsets,
  watchUncommitted,
  type OffsetWatch,
  type UncommittedWatch,
} from '../support/pipeline.ts'
import { startTrackbridge, type TrackbridgeProcess } from '../support/trackbridge-process.ts'
import { until } from '../support/until.ts'
import { nothingAmiss } from '../support/verify-output.ts'

const partitions = 8
const count = 50_000
const kills = 10
/** From the first commit of a process to its end, at most; on a fast machine no more than a share of the records. */
const longestWorkMs = 1_500
const largestShare = count / (1.5 * kills)

interface Strike {
  /** Raw records done when the process was started, and when it was dead. */
  readonly before: number
  readonly after: number
}

interface Watches {
  readonly offsets: OffsetWatch
  readonly uncommitted: UncommittedWatch
}

/** Waits until the process has committed something, for a random time, and for the moment in which it writes: then it is
 *  most likely in the midst of a transaction. */
async function killAtRandom(
  running: TrackbridgeProcess,
  { offsets, uncommitted }: Watches,
  { random, seed }: { readonly random: () => number; readonly seed: number },
): Promise<Strike> {
  const before = await offsets.done()
  const newlyDone = async (): Promise<number> => (await offsets.done()) - before
  const describe = (): string => `a commit after a restart (seed ${seed}); last lines:\n${running.tail()}`
  await until(async () => running.isOver() || (await newlyDone()) > 0, { timeoutMs: 60_000, describe })
  const atMs = systemClock.now() + random() * longestWorkMs
  await until(async () => systemClock.now() >= atMs || (await newlyDone()) >= largestShare)
  await Promise.race([uncommitted.next(), running.ended, systemClock.sleep(longestWorkMs)])
  running.send('SIGKILL')
  expect(await running.ended, `seed ${seed}; last lines:\n${running.tail()}`).toEqual({ code: null, signal: 'SIGKILL' })
  return { before, after: await offsets.done() }
}

test(
  'ten kills at random moments of the work: every message, unsupported record and dead letter is there once, in order',
  { timeout: 240_000 },
  async () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    const random = seededRandom(seed)
    const pipeline = await createPipeline(partitions, ['main', 'shop'])
    const raw = await preload(pipeline, { count, partitions, people: 2_000 })
    const [main] = pipeline.topics.destinations as [string]
    const watches = { offsets: await watchOffsets(pipeline), uncommitted: await watchUncommitted(main) }
    const { offsets, uncommitted } = watches
    const config = {
      ...pipeline.config,
      process: { chunkRecords: 200, maxBytesPerPartition: 16_384 },
    }
    const strikes: Strike[] = []
    for (let kill = 0; kill < kills; kill++)
      strikes.push(await killAtRandom(startTrackbridge(['process'], config), watches, { random, seed }))
    const told = `seed ${seed}, strikes ${JSON.stringify(strikes)}`
    expect(await offsets.done(), `${told}: the work was done before the last kill`).toBeLessThan(raw.length)
    const last = startTrackbridge(['process'], config)
    const describe = (): string => `all ${raw.length} records done; ${told}; last lines:\n${last.tail()}`
    await until(async () => last.isOver() || (await offsets.done()) === raw.length, {
      timeoutMs: 60_000,
      describe,
    })
    last.send('SIGTERM')
    expect(await last.ended, last.tail()).toEqual({ code: 0, signal: null })
    expect(await verifyPipeline(pipeline, raw), told).toEqual(nothingAmiss)
    // A matter of chance: the records of a transaction are written a millisecond before its end is asked for.
    const aborted = uncommitted.seen() - (await readCommitted(main)).length
    process.stderr.write(`process-kill: ${kills} kills, ${aborted} records of transactions that a kill left open\n`)
  },
)
