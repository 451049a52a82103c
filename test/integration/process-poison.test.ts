import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { ProcessRecord } from '../../src/processor/poison.ts'
import { startProcessor, type Processor } from '../../src/processor/processor.ts'
import { processRecord } from '../../src/processor/topology.ts'
import { readCommitted } from '../support/kafka.ts'
import { openBroker } from '../support/kafkajs-adapter.ts'
import { createPipeline, preload, verifyPipeline, watchOffsets, type Pipeline } from '../support/pipeline.ts'
import { processorOptions } from '../support/processor.ts'
import { routeTo } from '../support/raw-records.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { startTrackbridge } from '../support/trackbridge-process.ts'
import { until } from '../support/until.ts'
import { expectedOutput, nothingAmiss, verifyOutput } from '../support/verify-output.ts'

const partitions = 4
const poisonStep = 500

const isPoison = (offset: number): boolean => offset % poisonStep === 7

const poisonous: ProcessRecord = (raw, settings) => {
  if (isPoison(raw.offset)) throw new TypeError('cannot read properties of undefined')
  return processRecord(raw, settings)
}

interface Running {
  readonly processor: Processor
  readonly errors: () => readonly string[]
}

async function start({ group, rawTopic, topics }: Pipeline, inject: ProcessRecord, maxShare = 1): Promise<Running> {
  const { log, lines } = createRecordingLog()
  const processor = await startProcessor(
    { broker: openBroker(), clock: systemClock, log, processRecord: inject },
    processorOptions({
      group,
      raw: { topics: [rawTopic] },
      deadLetterTopic: topics.deadLetters,
      maxDeadLetterShare: maxShare,
      unsupportedTopic: topics.unsupported,
      routes: topics.destinations.map((name) => routeTo(name)),
      chunkRecords: 500,
      maxBytesPerPartition: 262_144,
      sessionTimeoutMs: 6_000,
    }),
  )
  onTestFinished(() => processor.stop())
  return { processor, errors: () => lines.filter(({ level }) => level === 'error').map(({ message }) => message) }
}

test('poison records are dead letters, once each, told once; nothing else is touched and nothing crashes', async () => {
  const pipeline = await createPipeline(partitions)
  const raw = await preload(pipeline, { count: 8_000, partitions, people: 400 })
  const offsets = await watchOffsets(pipeline)
  const { processor, errors } = await start(pipeline, poisonous)
  await until(async () => (await offsets.done()) === raw.length, { timeoutMs: 60_000 })
  await processor.stop()

  const poison = raw.filter(({ offset }) => isPoison(offset)).map(({ partition, offset }) => `${partition}:${offset}`)
  const { counts } = processor.status()
  const { translated, unsupported, deadLetters, skipped } = counts
  expect([counts.raw, counts.poisoned, translated + unsupported + deadLetters + skipped]).toEqual([
    raw.length,
    poison.length,
    raw.length,
  ])
  expect(errors()).toEqual(['translation threw: the record is a dead letter; please report it'])

  const written = await readCommitted(pipeline.topics.deadLetters)
  const failed = written.flatMap(({ value }) => {
    const { reason, message, source } = JSON.parse(value ?? '') as Letter
    return reason === 'translation_failed' ? [{ message, place: `${source.partition}:${source.offset}` }] : []
  })
  expect(failed.map(({ place }) => place).toSorted()).toEqual(poison.toSorted())
  expect(new Set(failed.map(({ message }) => message))).toEqual(
    new Set(['TB_BUG: cannot read properties of undefined']),
  )
  const good = raw.filter(({ offset }) => !isPoison(offset))
  const [main = ''] = pipeline.topics.destinations
  const messages = new Map([[main, await readCommitted(main)]])
  const { lost, ...found } = verifyOutput(good, messages, pipeline.topics)
  expect({ ...found, lost: lost.filter((place) => place.startsWith(`${main} `)) }).toEqual(nothingAmiss)
  expect(expectedOutput(good, pipeline.topics).size).toBeGreaterThan(good.length / 2)
})

interface Letter {
  readonly reason: string
  readonly message: string
  readonly source: { readonly partition: number; readonly offset: number }
}

test('a deploy that makes dead letters of everything ends before it has written one; the mended one loses nothing', async () => {
  const pipeline = await createPipeline(partitions)
  const raw = await preload(pipeline, { count: 4_000, partitions, people: 400 })
  const broken = await start(
    pipeline,
    () => {
      throw new Error('a broken deploy')
    },
    0.5,
  )
  await expect(broken.processor.ended).rejects.toMatchObject({ code: 'TB_DEAD_LETTER_SHARE' })
  await broken.processor.stop()
  expect(await readCommitted(pipeline.topics.deadLetters)).toEqual([])

  const offsets = await watchOffsets(pipeline)
  const { processor } = await start(pipeline, processRecord, 0.5)
  await until(async () => (await offsets.done()) === raw.length, { timeoutMs: 60_000 })
  await processor.stop()
  expect(await verifyPipeline(pipeline, raw)).toEqual(nothingAmiss)
})

test('the command ends with 1 and says what it found, what is allowed and what is usual', async () => {
  const pipeline = await createPipeline(1)
  await preload(pipeline, { count: 2_000, partitions: 1, people: 400 })
  const running = startTrackbridge(['process'], {
    ...pipeline.config,
    deadLetters: { topic: pipeline.topics.deadLetters, maxShare: 0.01 },
  })
  expect(await running.ended, running.tail()).toEqual({ code: 1, signal: null })
  const [last] = running.lines.slice(-1)
  expect(last?.['msg']).toMatch(
    /^error TB_DEAD_LETTER_SHARE: \d+ of the last \d+ raw records \(.* %\) are dead letters; deadLetters.maxShare allows 1 %. Most frequent reason: \w+ \(\d+, as raw partition \S+\/0 offset \d+\)/,
  )
  expect(await readCommitted(pipeline.topics.deadLetters)).toEqual([])
})
