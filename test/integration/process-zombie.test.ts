import { expect, test } from 'vitest'
import {
  callsFor,
  createPipeline,
  produceCalls,
  readRaw,
  verifyPipeline,
  watchOffsets,
  watchUncommitted,
} from '../support/pipeline.ts'
import { startTrackbridge, type TrackbridgeProcess } from '../support/trackbridge-process.ts'
import { until } from '../support/until.ts'
import { nothingAmiss } from '../support/verify-output.ts'

const partitions = 8
const count = 20_000
const rounds = 4
const limit = { timeoutMs: 60_000 }

/** Partitions of the newest assignment. */
function owned({ lines }: TrackbridgeProcess): number {
  const newest = lines.findLast(({ msg }) => msg === 'assignment')
  return Array.isArray(newest?.['partitions']) ? newest['partitions'].length : 0
}

async function owning(running: TrackbridgeProcess, wanted: number): Promise<void> {
  const describe = (): string => `${wanted} partitions are owned; last lines:\n${running.tail()}`
  await until(() => running.isOver() || owned(running) === wanted, { ...limit, describe })
}

test(
  'a process that is frozen in the midst of its work and wakes up when others own its partitions writes nothing twice',
  { timeout: 240_000 },
  async () => {
    const pipeline = await createPipeline(partitions)
    const calls = callsFor(pipeline, { count, partitions, people: 1_000 })
    const parts = Array.from({ length: 2 * rounds }, (_, part) =>
      calls.slice((part * count) / (2 * rounds), ((part + 1) * count) / (2 * rounds)),
    )
    let flow = Promise.resolve()
    const flowOn = (): void => {
      const part = parts.shift() ?? []
      flow = flow.then(() => produceCalls(part, 100))
    }
    const offsets = await watchOffsets(pipeline)
    const uncommitted = await watchUncommitted(pipeline.topics.destinations[0]!)
    const config = { ...pipeline.config, process: { chunkRecords: 100, maxBytesPerPartition: 16_384 } }
    const [frozen, other] = [startTrackbridge(['process'], config), startTrackbridge(['process'], config)]
    const tails = (): string => `last lines:\n${frozen.tail()}\n${other.tail()}`
    for (let round = 0; round < rounds; round++) {
      await Promise.all([owning(frozen, partitions / 2), owning(other, partitions / 2)])
      const seen = uncommitted.seen()
      flowOn()
      await until(() => uncommitted.seen() > seen, { ...limit, describe: () => `round ${round}: records; ${tails()}` })
      frozen.send('SIGSTOP')
      await owning(other, partitions)
      const before = await offsets.done()
      flowOn()
      await until(async () => (await offsets.done()) > before, {
        ...limit,
        describe: () => `round ${round}: ${tails()}`,
      })
      frozen.send('SIGCONT')
    }
    await flow
    const raw = await readRaw(pipeline, count)
    const describe = (): string => `all ${raw.length} records done; ${tails()}`
    await until(async () => (await offsets.done()) === raw.length, { ...limit, describe })
    for (const running of [frozen, other]) running.send('SIGTERM')
    await until(() => frozen.isOver() && other.isOver(), { ...limit, describe: () => `both have ended; ${tails()}` })
    expect([await frozen.ended, await other.ended]).toEqual([
      { code: 0, signal: null },
      { code: 0, signal: null },
    ])
    expect(await verifyPipeline(pipeline, raw)).toEqual(nothingAmiss)
  },
)
