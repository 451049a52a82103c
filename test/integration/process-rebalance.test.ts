import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { silentLog } from '../../src/ops/log.ts'
import { startProcessor, type Processor } from '../../src/processor/processor.ts'
import { openBroker } from '../support/kafkajs-adapter.ts'
import {
  callsFor,
  createPipeline,
  produceCalls,
  readRaw,
  verifyPipeline,
  watchOffsets,
  type Pipeline,
} from '../support/pipeline.ts'
import { processorOptions } from '../support/processor.ts'
import { routeTo } from '../support/raw-records.ts'
import { until } from '../support/until.ts'
import { nothingAmiss } from '../support/verify-output.ts'

const partitions = 6
const count = 10_000
const rounds = 5
/** Two parts a round. */
const partSize = count / (2 * rounds)

/** A processor with a broker of its own, as another process has it. */
async function start({ group, rawTopic, topics }: Pipeline): Promise<Processor> {
  const processor = await startProcessor(
    { broker: openBroker(), clock: systemClock, log: silentLog },
    processorOptions({
      group,
      raw: { topics: [rawTopic] },
      deadLetterTopic: topics.deadLetters,
      unsupportedTopic: topics.unsupported,
      routes: topics.destinations.map((name) => routeTo(name)),
      chunkRecords: 50,
      maxBytesPerPartition: 16_384,
      sessionTimeoutMs: 6_000,
    }),
  )
  onTestFinished(() => processor.stop())
  return processor
}

/** Waits until each processor owns so many partitions. */
async function owning(...wanted: readonly (readonly [processor: Processor, partitions: number])[]): Promise<void> {
  const owned = (): string => wanted.map(([processor]) => processor.status().assigned.length).join()
  const goal = wanted.map(([, share]) => share).join()
  await until(() => owned() === goal, { describe: () => `${goal} partitions are owned; it is ${owned()}` })
}

test(
  'processes come and go while records flow: nothing is lost, doubled or out of order',
  { timeout: 180_000 },
  async () => {
    const pipeline = await createPipeline(partitions)
    const offsets = await watchOffsets(pipeline)
    const calls = callsFor(pipeline, { count, partitions, people: 300 })
    let written = 0
    let flow = Promise.resolve()
    /** Lets a part of the records flow, and waits until some of it is done: what comes next strikes in the midst of it. */
    const flowOn = async (): Promise<void> => {
      const before = await offsets.done()
      const part = calls.slice(written, (written += partSize))
      flow = flow.then(() => produceCalls(part, 50))
      await until(async () => (await offsets.done()) >= before + 200, { timeoutMs: 60_000 })
    }
    let [first, second] = [await start(pipeline), await start(pipeline)]
    for (let round = 0; round < rounds; round++) {
      await owning([first, 3], [second, 3])
      await flowOn()
      await first.stop()
      await owning([second, 6])
      await flowOn()
      first = second
      second = await start(pipeline)
    }
    await flow
    const raw = await readRaw(pipeline, count)
    await until(async () => (await offsets.done()) === raw.length, { timeoutMs: 60_000 })
    expect(await verifyPipeline(pipeline, raw)).toEqual(nothingAmiss)
  },
)
