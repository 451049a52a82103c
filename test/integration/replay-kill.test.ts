import { expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { createTopics } from '../support/kafka.ts'
import { callsFor, createPipeline, produceCalls, readRaw, watchOffsets } from '../support/pipeline.ts'
import { forgetMembers, produceInTransactions, verifyReplay } from '../support/replay.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { startTrackbridge } from '../support/trackbridge-process.ts'
import { until } from '../support/until.ts'
import { nothingAmiss } from '../support/verify-output.ts'

const partitions = 4
const kills = 10
const name = 'spring'
const outside = 1_500
const inside = 16_000
const sizes = { committed: 400, aborted: 60 }

const sumOf = (ranges: readonly { readonly from: number }[] | undefined): number =>
  ranges?.reduce((sum, { from }) => sum + from, 0) ?? Infinity

test(
  'a replay killed ten times gives the window once, aborted records left out, and live processing beside it is undisturbed',
  { timeout: 180_000 },
  async () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    const random = seededRandom(seed)
    const pipeline = await createPipeline(partitions)
    const [main] = pipeline.topics.destinations as [string]
    const backfill = `${main}.backfill`
    await createTopics({ [backfill]: partitions })
    const config = {
      ...pipeline.config,
      destinations: [{ name: 'main', topic: main, backfill: {} }],
      process: { chunkRecords: 100, maxBytesPerPartition: 16_384 },
    }
    const borders: number[] = []
    for (const count of [outside, inside, outside]) {
      const border = systemClock.now() + 1
      borders.push(border)
      await until(() => systemClock.now() > border)
      await produceInTransactions(callsFor(pipeline, { count, partitions, people: 500 }), sizes)
    }
    const [, fromMs, toMs] = borders as [number, number, number]

    const live = startTrackbridge(['process'], config)
    const group = `${pipeline.prefix}.replay.${name}`
    const offsets = await watchOffsets(pipeline, { group, topic: pipeline.rawTopic })
    const args = ['replay', '--name', name, '--rate', '5000/s', '--json']
    const window = ['--from', new Date(fromMs).toISOString(), '--to', new Date(toMs).toISOString()]
    const strikes: number[] = []
    const fed = { phase: callsFor(pipeline, { count: 200, partitions, people: 50 }), times: 0 }
    for (let kill = 0; kill < kills; kill++) {
      const running = startTrackbridge(kill === 0 ? [...args, ...window] : args, config)
      const before = await offsets.done()
      const wanted = (random() * inside) / (1.2 * kills)
      const describe = (): string => `a commit of the replay (seed ${seed}); last lines:\n${running.tail()}`
      // Its first act is to set its positions, which is no progress.
      const begin = (): number => {
        const plan = running.lines.find(({ event }) => event === 'plan')
        return kill > 0 ? before : sumOf(plan?.['partitions'] as { readonly from: number }[] | undefined)
      }
      await until(async () => running.isOver() || (await offsets.done()) > begin() + wanted, {
        timeoutMs: 30_000,
        describe,
      })
      running.send('SIGKILL')
      expect(await running.ended, `seed ${seed}; last lines:\n${running.tail()}`).toEqual({
        code: null,
        signal: 'SIGKILL',
      })
      strikes.push(await offsets.done())
      await forgetMembers(group)
      await produceCalls(fed.phase)
      fed.times++
    }
    const told = `seed ${seed}, strikes ${JSON.stringify(strikes)}`
    const last = startTrackbridge(args, config)
    expect(await last.ended, `${told}; last lines:\n${last.tail()}`).toEqual({ code: 0, signal: null })
    const result = JSON.parse(last.stdout()) as { isDone: boolean; done?: string; from: string }
    expect([result.isDone, result.from, typeof result.done]).toEqual([true, window[1], 'string'])

    const count = 2 * outside + inside + fed.times * fed.phase.length
    const raw = await readRaw(pipeline, count)
    expect(raw.length).toBe(count)
    const liveOffsets = await watchOffsets(pipeline)
    const ends = Math.max(...raw.map(({ offset }) => offset))
    await until(async () => live.isOver() || (await verifyReplay(undefined, pipeline.topics, raw)).lost.length === 0, {
      timeoutMs: 30_000,
      describe: () => `all of ${ends} offsets live; last lines:\n${live.tail()}`,
    })
    expect(await liveOffsets.done()).toBeGreaterThan(0)
    live.send('SIGTERM')
    expect(await live.ended, live.tail()).toEqual({ code: 0, signal: null })
    expect(await verifyReplay(undefined, pipeline.topics, raw), told).toEqual(nothingAmiss)
    expect(live.lines.filter(({ msg }) => msg === 'assignment').length).toBe(1)
    const inWindow = raw.filter(({ timestamp }) => timestamp >= fromMs && timestamp < toMs)
    expect(inWindow.length).toBe(inside)
    expect(await verifyReplay(name, { ...pipeline.topics, destinations: [backfill] }, inWindow), told).toEqual(
      nothingAmiss,
    )

    const again = startTrackbridge(args, config)
    expect(await again.ended, again.tail()).toEqual({ code: 0, signal: null })
    expect(JSON.parse(again.stdout())).toMatchObject({ name, isDone: true, wasDone: true })
    expect(await verifyReplay(name, { ...pipeline.topics, destinations: [backfill] }, inWindow), told).toEqual(
      nothingAmiss,
    )
  },
)
