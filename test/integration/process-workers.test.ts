import { expect, test } from 'vitest'
import {
  callsFor,
  createPipeline,
  groupOf,
  produceCalls,
  readRaw,
  verifyPipeline,
  watchOffsets,
  type OffsetWatch,
  type Pipeline,
} from '../support/pipeline.ts'
import { isRunning } from '../support/process.ts'
import { startTrackbridge, type TrackbridgeProcess } from '../support/trackbridge-process.ts'
import { until } from '../support/until.ts'
import { nothingAmiss } from '../support/verify-output.ts'

const partitions = 4
const limit = { timeoutMs: 60_000 }

interface Work {
  readonly pipeline: Pipeline
  readonly offsets: OffsetWatch
  readonly running: TrackbridgeProcess
  /** Writes the next share of the calls. */
  readonly feed: (share: number) => Promise<void>
  /** Waits until so many more raw records are done with. */
  readonly untilDone: (more: number) => Promise<void>
  /** Waits until all that was written is done with, and holds the outcome against it. */
  readonly verify: () => Promise<void>
}

const config = (pipeline: Pipeline): object => ({
  ...pipeline.config,
  process: { chunkRecords: 50, maxBytesPerPartition: 16_384 },
  http: { port: 0 },
})

async function startWork(count: number): Promise<Work> {
  const pipeline = await createPipeline(partitions)
  const offsets = await watchOffsets(pipeline)
  const calls = callsFor(pipeline, { count, partitions, people: 500 })
  let written = 0
  const running = startTrackbridge(['process', '--workers', '2'], config(pipeline))
  const describe = (): string => `last lines:\n${running.tail()}`
  return {
    pipeline,
    offsets,
    running,
    async feed(share) {
      const end = written + Math.floor(count * share)
      await produceCalls(calls.slice(written, end), 200)
      written = end
    },
    async untilDone(more) {
      const before = await offsets.done()
      await until(async () => (await offsets.done()) >= before + more, { ...limit, describe })
    },
    async verify() {
      const raw = await readRaw(pipeline, written)
      await until(async () => (await offsets.done()) === raw.length, { ...limit, describe })
      expect(await verifyPipeline(pipeline, raw)).toEqual(nothingAmiss)
    },
  }
}

/** The newest process of each worker, by its number. */
const pidsOf = ({ lines }: TrackbridgeProcess): ReadonlyMap<unknown, number> =>
  new Map(lines.flatMap(({ msg, worker, pid }) => (msg === 'started' ? [[worker, Number(pid)] as const] : [])))

async function ready({ lines }: TrackbridgeProcess): Promise<unknown> {
  const line = await until(() => lines.find(({ msg }) => msg === 'health server listens'))
  const answer = await fetch(`http://127.0.0.1:${String(line['port'])}/ready`)
  return answer.json()
}

const allReady = {
  ready: true,
  parts: [
    { name: 'kafka', ready: true, why: '' },
    { name: 'process worker 1', ready: true, why: '' },
    { name: 'process worker 2', ready: true, why: '' },
  ],
}

async function untilReady(running: TrackbridgeProcess): Promise<void> {
  let answer: unknown
  const isReady = async (): Promise<boolean> => {
    answer = await ready(running)
    return JSON.stringify(answer) === JSON.stringify(allReady)
  }
  await until(isReady, { ...limit, describe: () => `${JSON.stringify(answer)}; last lines:\n${running.tail()}` })
}

const owned = ({ lines }: TrackbridgeProcess, worker: number): unknown =>
  lines.findLast((line) => line['worker'] === worker && line['msg'] === 'assignment')?.['partitions']

test('two workers share the partitions; one that is killed is replaced, and everything is there once', async () => {
  const { running, pipeline, feed, untilDone, verify } = await startWork(20_000)
  await untilReady(running)
  expect(
    [owned(running, 1), owned(running, 2)]
      .flat()
      .map((name) => Number(String(name).split('/')[1]))
      .toSorted((a, b) => a - b),
  ).toEqual([0, 1, 2, 3])
  await feed(0.2)
  await untilDone(1_000)
  const flow = feed(0.6)
  await untilDone(1_000)
  const [first = 0, second = 0] = [...pidsOf(running).values()]
  process.kill(second, 'SIGKILL')
  await flow
  await until(() => pidsOf(running).get(2) !== second, { ...limit, describe: () => running.tail() })
  await untilReady(running)
  await feed(0.2)
  await verify()
  expect(
    running.lines.filter(({ msg }) => msg === 'ended; starting again').map(({ worker, end }) => [worker, end]),
  ).toEqual([[2, 'SIGKILL']])
  expect(pidsOf(running).get(1)).toBe(first)

  running.send('SIGTERM')
  expect(await running.ended, running.tail()).toEqual({ code: 0, signal: null })
  expect([...pidsOf(running).values()].map(isRunning)).toEqual([false, false])
  expect(await groupOf(pipeline)).toEqual({ state: 'Empty', members: 0 })
  expect(running.lines.slice(-1).map(({ msg, worker }) => [msg, worker])).toEqual([['stopped', undefined]])
})

test('workers whose parent is killed end in order, and the next ones lose and repeat nothing', async () => {
  const { running, pipeline, feed, untilDone, verify } = await startWork(10_000)
  await untilReady(running)
  const flow = feed(1)
  await untilDone(500)
  const pids = [...pidsOf(running).values()]
  running.send('SIGKILL')
  await flow
  await until(() => !pids.some(isRunning), { ...limit, describe: () => running.tail() })
  expect(await groupOf(pipeline)).toEqual({ state: 'Empty', members: 0 })
  const next = startTrackbridge(['process', '--workers', '2'], config(pipeline))
  await verify()
  next.send('SIGTERM')
  expect(await next.ended, next.tail()).toEqual({ code: 0, signal: null })
})

test('two signals at once end parent and workers there and then, and the next ones lose and repeat nothing', async () => {
  const { running, pipeline, feed, untilDone, verify } = await startWork(10_000)
  await untilReady(running)
  const flow = feed(1)
  await untilDone(500)
  const pids = [...pidsOf(running).values()]
  for (const signal of ['SIGSTOP', 'SIGTERM', 'SIGINT', 'SIGCONT'] as const) running.send(signal)
  expect([130, 143]).toContain((await running.ended).code)
  await until(() => !pids.some(isRunning), { timeoutMs: 5_000, describe: () => running.tail() })
  await flow
  const next = startTrackbridge(['process', '--workers', '2'], config(pipeline))
  await verify()
  next.send('SIGTERM')
  expect(await next.ended, next.tail()).toEqual({ code: 0, signal: null })
})

test('a refusal at the start is told once, for all workers', async () => {
  const pipeline = await createPipeline(partitions)
  const running = startTrackbridge(['process', '--workers', '2'], {
    ...pipeline.config,
    deadLetters: { topic: `${pipeline.prefix}.gone` },
  })
  expect(await running.ended, running.tail()).toEqual({ code: 2, signal: null })
  expect(running.lines.filter(({ msg }) => String(msg).startsWith('error')).map(({ msg }) => msg)).toEqual([
    expect.stringMatching(/^error TB_TOPIC_MISSING: /),
  ])
})

test('a share of dead letters that is passed in one worker ends them all, and is told once', async () => {
  const pipeline = await createPipeline(partitions)
  await produceCalls(callsFor(pipeline, { count: 4_000, partitions, people: 500 }))
  const running = startTrackbridge(['process', '--workers', '2'], {
    ...pipeline.config,
    deadLetters: { topic: pipeline.topics.deadLetters, maxShare: 0.01 },
  })
  expect(await running.ended, running.tail()).toEqual({ code: 1, signal: null })
  const errors = running.lines.filter(({ msg }) => String(msg).startsWith('error')).map(({ msg }) => msg)
  expect(errors).toEqual([
    expect.stringMatching(/^error TB_DEAD_LETTER_SHARE: worker [12]: \d+ of the last \d+ raw records/),
  ])
  expect([...pidsOf(running).values()].map(isRunning)).toEqual([false, false])
})
