import { expect, onTestFinished, test } from 'vitest'
import type { AuditReport } from '../../src/cli/audit/audit-report.ts'
import { createContext } from '../../src/cli/wiring.ts'
import { configFile, runCommand } from '../cli/run/run-command.ts'
import {
  createTopics,
  kafkaClient,
  produceRaw,
  randomName,
  readCommitted,
  withAdmin,
  type ReadRecord,
} from '../support/kafka.ts'
import { callsFor, createPipeline, preload, produceCalls, watchOffsets, type Pipeline } from '../support/pipeline.ts'
import { startTrackbridge } from '../support/trackbridge-process.ts'
import { until } from '../support/until.ts'

const partitions = 2
const count = 4_000

/** The command as it runs for real, over the pipeline with its first destination on another topic if one is named. */
async function audit({ config }: Pipeline, { topic, args = [] }: { topic?: string; args?: readonly string[] } = {}) {
  const [main, ...others] = config.destinations
  const document = topic === undefined ? config : { ...config, destinations: [{ ...main, topic }, ...others] }
  const real = createContext({} as never, new AbortController().signal)
  const parts = { createBroker: real.createBroker, clock: real.clock }
  const { exitCode, stdout, stderr } = await runCommand(
    ['audit', '--json', ...args, '--config', configFile(document)],
    parts,
  )
  if (exitCode === 2 || stdout === '') throw new Error(`audit ended with ${exitCode}: ${stderr}`)
  return { exitCode, report: JSON.parse(stdout) as AuditReport }
}

const faultsOf = ({ faults }: AuditReport) =>
  faults.map(({ kind, count: found, offenders }) => ({ kind, found, offenders }))

/** Waits until `process` has committed all of the raw topic. */
async function allDone(pipeline: Pipeline, records: number): Promise<void> {
  const offsets = await watchOffsets(pipeline)
  await until(async () => (await offsets.done()) >= records, { timeoutMs: 60_000 })
}

/** A topic with these records, partition by partition in their order. */
async function copyOf(records: readonly ReadRecord[]): Promise<string> {
  const topic = randomName('copy')
  await createTopics({ [topic]: partitions })
  const messages = records.map(({ partition, key, value, headers, timestamp }) => ({
    partition,
    key,
    value,
    headers,
    timestamp: String(timestamp),
  }))
  await produceRaw(topic, messages)
  return topic
}

const sourceOf = ({ headers }: ReadRecord): string => headers['tb-src'] ?? ''

const deleteBelow = (topic: string, partition: number, offset: number): Promise<void> =>
  withAdmin(async (admin) => {
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] })
  })

test('audit finds each of: one deleted output, one doubled output, one swapped order, planted in a copy', async () => {
  const pipeline = await createPipeline(partitions, ['main', 'shop'])
  await preload(pipeline, { count, partitions, people: 200 })
  const running = startTrackbridge(['process'], pipeline.config)
  await allDone(pipeline, count)
  running.send('SIGTERM')
  await running.ended

  const whole = await audit(pipeline)
  const { in: all, translated, unsupported, deadLetters, empty } = whole.report.total
  expect([whole.exitCode, whole.report.conclusion, whole.report.faults, whole.report.notes]).toEqual([
    0,
    'Every record is accounted for.',
    [],
    [],
  ])
  expect([all, translated + unsupported + deadLetters + empty]).toEqual([count, count])

  const written = await readCommitted(pipeline.topics.destinations[0] ?? '')
  const good = await copyOf(written)
  const left = written.filter(({ partition }) => partition === 1)
  const [first, second] = [left[700]!, left[701]!]

  const deleted = await audit(pipeline, { topic: await copyOf(written.filter((record) => record !== first)) })
  const doubledTopic = await copyOf([...written, first])
  const doubled = await audit(pipeline, { topic: doubledTopic })
  const swappedTopic = await copyOf([
    ...written.filter(({ partition }) => partition === 0),
    ...left.with(700, second).with(701, first),
  ])
  const swapped = await audit(pipeline, { topic: swappedTopic })
  const copied = await audit(pipeline, { topic: good })

  expect(faultsOf(copied.report)).toEqual([])
  expect(faultsOf(deleted.report)).toEqual([
    {
      kind: 'missing',
      found: 1,
      offenders: [
        {
          raw: sourceOf(first),
          output: null,
          note: expect.stringMatching(
            `^message ${first.headers['tb-mid']} \\(\\w+\\) is not on copy-\\w+/1$`,
          ) as string,
        },
      ],
    },
  ])
  expect(faultsOf(doubled.report)).toEqual([
    {
      kind: 'doubled',
      found: 1,
      offenders: [
        {
          raw: sourceOf(first),
          output: `${doubledTopic}:1:${left.length}`,
          note: `message ${first.headers['tb-mid']} (${first.headers['tb-type']})`,
        },
      ],
    },
  ])
  expect(faultsOf(swapped.report)).toEqual([
    {
      kind: 'disorder',
      found: 1,
      offenders: [{ raw: sourceOf(first), output: `${swappedTopic}:1:701`, note: `behind ${sourceOf(second)}` }],
    },
  ])
  expect([copied, deleted, doubled, swapped].map(({ exitCode }) => exitCode)).toEqual([0, 1, 1, 1])

  await deleteBelow(good, 1, 500)
  await deleteBelow(pipeline.rawTopic, 0, 300)
  const aged = await audit(pipeline, { topic: good })
  expect([aged.exitCode, aged.report.faults]).toEqual([0, []])
  expect(aged.report.partitions.map(({ in: seen, unjudged }) => [seen, unjudged > 400])).toEqual([
    [(whole.report.partitions[0]?.in ?? 0) - 300, false],
    [whole.report.partitions[1]?.in, true],
  ])
  expect(aged.report.notes[0]).toBe(
    `${pipeline.rawTopic}/0: retention has taken the records before offset 300; they cannot be judged`,
  )

  const { exitCode, report } = await audit(pipeline, { args: ['--find', first.headers['tb-mid'] ?? ''] })
  const { stories } = report as unknown as { stories: readonly { raw: string; missing: unknown[] }[] }
  expect([exitCode, stories.map(({ raw, missing }) => [raw, missing])]).toEqual([
    0,
    [[sourceOf(first).split(':').slice(0, 3).join(':'), []]],
  ])
})

/** Writes to the topics in transactions that are aborted, again and again until the test is over. */
async function abortForEver(topics: readonly string[]): Promise<{ readonly aborted: () => number }> {
  const producer = kafkaClient().producer({
    transactionalId: randomName('aborter'),
    maxInFlightRequests: 1,
    idempotent: true,
  })
  await producer.connect()
  const state = { aborted: 0, isOver: false }
  const run = async (): Promise<void> => {
    while (!state.isOver) {
      const transaction = await producer.transaction()
      for (const topic of topics)
        await transaction.send({
          topic,
          messages: [
            { partition: 0, value: '{}' },
            { partition: 1, value: '{}' },
          ],
        })
      await transaction.abort()
      state.aborted++
    }
  }
  const running = run()
  onTestFinished(async () => {
    state.isOver = true
    // An abort is answered before its markers are written, and the next transaction may be refused until they are.
    await running.catch(() => undefined)
    await producer.disconnect()
  })
  return { aborted: () => state.aborted }
}

/** Writes calls without a pause; `stop` resolves with how many. */
function feedForEver(pipeline: Pipeline) {
  const calls = callsFor(pipeline, { count, partitions, people: 200 })
  const state = { fed: 0, isOver: false }
  const run = async (): Promise<number> => {
    for (; !state.isOver; state.fed += 100) {
      const start = state.fed % count
      await produceCalls(calls.slice(start, start + 100))
    }
    return state.fed
  }
  const running = run()
  running.catch(() => undefined)
  onTestFinished(() => void (state.isOver = true))
  return {
    stop() {
      state.isOver = true
      return running
    },
  }
}

test('nothing is found wrong in a live window in the middle of aborted transactions', async () => {
  const pipeline = await createPipeline(partitions, ['main', 'shop'])
  const { aborted } = await abortForEver([
    pipeline.rawTopic,
    ...pipeline.topics.destinations,
    pipeline.topics.deadLetters,
  ])
  startTrackbridge(['process'], pipeline.config)
  const offsets = await watchOffsets(pipeline)
  const feed = feedForEver(pipeline)
  await until(async () => (await offsets.done()) > 0, { timeoutMs: 60_000 })
  const audits: AuditReport[] = []
  for (let round = 0; round < 5; round++) audits.push((await audit(pipeline)).report)
  const fed = await feed.stop()
  await until(async () => (await audit(pipeline)).report.total.in === fed, { timeoutMs: 60_000 })
  audits.push((await audit(pipeline)).report)
  expect(audits.flatMap(faultsOf)).toEqual([])
  const ins = audits.map(({ total }) => total.in)
  expect([ins.toSorted((a, b) => a - b), new Set(ins).size > 1, aborted() > 0]).toEqual([ins, true, true])
  const { in: all, translated, unsupported, deadLetters, empty } = audits.at(-1)!.total
  expect([all, translated + unsupported + deadLetters + empty]).toEqual([fed, fed])
})
