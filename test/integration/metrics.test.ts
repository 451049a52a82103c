import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { StatusPage } from '../../src/cli/status-page.ts'
import { startStandInApi } from '../../src/demo/stand-in-api.ts'
import { metrics } from '../../src/ops/metrics.ts'
import { readCommitted } from '../support/kafka.ts'
import { createPipeline, preload } from '../support/pipeline.ts'
import { readMetrics } from '../support/read-metrics.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { startTrackbridge, type TrackbridgeProcess } from '../support/trackbridge-process.ts'
import { until } from '../support/until.ts'

const partitions = 3
const count = 1_200
const http = { host: '127.0.0.1', port: 0 }

async function urlOf(running: TrackbridgeProcess): Promise<string> {
  const line = await until(
    async () => running.isOver() || running.lines.find(({ msg }) => msg === 'health server listens'),
    { timeoutMs: 60_000, describe: () => running.tail() },
  )
  if (line === true) throw new Error(`it has ended:\n${running.tail()}`)
  return `http://127.0.0.1:${String(line['port'])}`
}

const scrape = async (url: string) => readMetrics(await (await fetch(`${url}/metrics`)).text())
const statusOf = async (url: string) => (await (await fetch(`${url}/status`)).json()) as StatusPage

test('/metrics, /status and `status --watch` tell what a run through faults did and what a blocked destination waits for', async () => {
  const pipeline = await createPipeline(partitions)
  const topic = pipeline.topics.destinations[0] ?? ''
  await preload(pipeline, { count, partitions, people: 40 })
  const faults = { tooManyRequestsShare: 0.1, unavailableShare: 0.1, resetShare: 0.1, rejectEvents: ['left'] }
  const api = await startStandInApi({ clock: systemClock, random: seededRandom(3), apiKey: 'right', faults })
  onTestFinished(() => api.close())
  api.faults.answerAlways = 401
  const limits = { maxBatchMessages: 40, lingerMs: 20 }
  const document = {
    ...pipeline.config,
    http,
    destinations: [{ name: 'main', topic, sink: { url: api.url, apiKey: 'right', limits } }],
  }
  const running = startTrackbridge(['run'], document)
  const url = await urlOf(running)
  const raw = (await readCommitted(pipeline.rawTopic, { until: count })).length

  const waiting = await until(
    async () => {
      const page = await statusOf(url)
      const isDone = page.process?.counts.raw === raw && page.groups.every(({ lag }) => lag !== null)
      return isDone && page.destinations[0]?.state === 'blocked' && page
    },
    { timeoutMs: 60_000, describe: () => running.tail() },
  )
  const why = 'the API key is not accepted (status 401)'
  expect([waiting.ready, waiting.parts[0]?.name, waiting.destinations[0]?.why]).toEqual([false, 'sink main', why])
  expect(waiting.parts[0]?.why).toContain(why)
  expect(waiting.parts.map(({ name }) => name).toSorted()).toEqual(['kafka', 'process', 'sink main'])
  expect(JSON.stringify(waiting.configuration)).not.toContain('right')
  const watching = startTrackbridge(['status', '--watch', '--url', url], document)
  await until(async () => watching.stdout().split('trackbridge 0.').length > 2, { timeoutMs: 30_000 })
  const screen = watching.stdout().split('\n').slice(0, 12).join('\n')
  watching.send('SIGTERM')
  await watching.ended
  expect(screen).toMatch(/^trackbridge \S+ {2}NOT READY/)
  expect(screen.split('\n')[1]).toContain(`sink main: ${why}`)

  delete api.faults.answerAlways
  const written = (await readCommitted(topic)).length
  const settled = await until(
    async () => {
      const page = await statusOf(url)
      const counters = page.destinations[0]?.counters
      return (
        page.ready &&
        page.groups.every(({ lag }) => lag === 0) &&
        (counters?.delivered ?? 0) + (counters?.rejected ?? 0) === written &&
        page
      )
    },
    { timeoutMs: 90_000, describe: () => `${JSON.stringify(api.counters())}\n${running.tail()}` },
  )
  const { text, value, sum, types } = await scrape(url)
  expect(types).toEqual(
    expect.objectContaining(Object.fromEntries(Object.entries(metrics).map(([name, { type }]) => [name, type]))),
  )
  const letters = await readCommitted(pipeline.topics.deadLetters)
  const reasons = Map.groupBy(letters, (letter) => {
    const { stage, reason } = JSON.parse(letter.value ?? '') as { stage: string; reason: string }
    return `${stage} ${reason}`
  })
  for (const [key, own] of reasons) {
    const [stage = '', reason = ''] = key.split(' ')
    expect([key, value('trackbridge_dead_letters_total', { stage, reason })]).toEqual([key, own.length])
  }
  expect(sum('trackbridge_dead_letters_total')).toBe(letters.length)
  expect(sum('trackbridge_unsupported_total')).toBe((await readCommitted(pipeline.topics.unsupported)).length)
  expect([
    sum('trackbridge_outcomes_total'),
    value('trackbridge_records_read_total', { topic: pipeline.rawTopic }),
  ]).toEqual([raw, raw])
  expect(sum('trackbridge_messages_written_total')).toBe(written)
  expect(value('trackbridge_records_written_total', { topic })).toBe(written)
  expect(value('trackbridge_raw_to_topic_seconds_count')).toBe(sum('trackbridge_records_written_total'))
  const { answers, resets, accepted, repeats } = api.counters()
  const answered = (...statuses: number[]): number => statuses.reduce((total, one) => total + (answers[one] ?? 0), 0)
  const requests = (status_class: string) =>
    sum('trackbridge_http_requests_total', { destination: 'main', status_class })
  expect([requests('2xx'), requests('4xx'), requests('5xx'), requests('none')]).toEqual([
    answered(200),
    answered(400, 401, 429),
    answered(503),
    resets,
  ])
  const retried = answered(401, 429, 503) + resets
  expect(value('trackbridge_http_retries_total', { destination: 'main' })).toBe(retried)
  expect(sum('trackbridge_messages_delivered_total', { destination: 'main' })).toBeGreaterThanOrEqual(accepted)
  expect(sum('trackbridge_messages_delivered_total', { destination: 'main' })).toBeLessThanOrEqual(accepted + repeats)
  expect(value('trackbridge_raw_to_api_seconds_count', { destination: 'main' })).toBe(
    settled.destinations[0]?.counters.delivered,
  )
  expect(value('trackbridge_blocked_seconds_total', { destination: 'main' })).toBeGreaterThan(0)
  expect(value('trackbridge_halvings_total', { destination: 'main' })).toBeGreaterThan(0)
  expect([
    value('trackbridge_http_in_flight', { destination: 'main' }),
    value('trackbridge_buffer_bytes', { destination: 'main' }),
  ]).toEqual([0, 0])
  expect([sum('trackbridge_lag_records'), sum('trackbridge_oldest_record_age_seconds')]).toEqual([0, 0])
  expect(value('trackbridge_assigned_partitions', { group: pipeline.group })).toBe(partitions)
  expect(value('trackbridge_transactions_total', { result: 'committed' })).toBe(
    value('trackbridge_transaction_seconds_count'),
  )
  expect(['kafka', 'process', 'sink main'].map((part) => value('trackbridge_ready', { part }))).toEqual([1, 1, 1])
  expect(value('trackbridge_process_memory_bytes', { worker: '0' })).toBeGreaterThan(1_000_000)
  for (const { key } of await readCommitted(topic)) expect(text.includes(`"${key}"`)).toBe(false)
  running.send('SIGTERM')
  expect(await running.ended, running.tail()).toEqual({ code: 0, signal: null })
})

test('with --workers the parent tells the sums of all, also of a worker that was killed', async () => {
  const pipeline = await createPipeline(4)
  await preload(pipeline, { count, partitions: 4, people: 40 })
  const raw = (await readCommitted(pipeline.rawTopic, { until: count })).length
  const running = startTrackbridge(['process', '--workers', '2'], { ...pipeline.config, http })
  const url = await urlOf(running)
  const isDone = async (wanted: number) => {
    const { sum, value } = await scrape(url)
    const isAssigned = value('trackbridge_assigned_partitions', { group: pipeline.group }) === 4
    if ((await statusOf(url)).process?.workers !== 2) return false
    return sum('trackbridge_outcomes_total') === wanted && isAssigned && sum('trackbridge_lag_records') === 0
  }
  await until(async () => isDone(raw), { timeoutMs: 60_000, describe: () => running.tail() })
  const memory = (await scrape(url)).labels('trackbridge_process_memory_bytes').map(({ worker }) => worker)
  expect(memory.toSorted((a, b) => Number(a) - Number(b))).toEqual(['0', '1', '2'])
  const { pid } = running.lines.find(({ msg, worker }) => msg === 'started' && worker === 1) ?? {}
  process.kill(Number(pid), 'SIGKILL')
  await until(() => running.lines.some(({ msg }) => msg === 'ended; starting again'), { timeoutMs: 30_000 })
  await until(async () => isDone(raw), {
    timeoutMs: 60_000,
    describe: () => running.tail(),
  })
  running.send('SIGTERM')
  expect(await running.ended, running.tail()).toEqual({ code: 0, signal: null })
})

test('SIGUSR2 shows debug lines of the process and its workers, and again hides them', async () => {
  const pipeline = await createPipeline(2)
  const running = startTrackbridge(['process', '--workers', '1'], { ...pipeline.config, http })
  const url = await urlOf(running)
  await until(async () => (await statusOf(url)).ready, { timeoutMs: 60_000, describe: () => running.tail() })
  running.send('SIGUSR2')
  const isToldByWorker = (level: string) => () => running.lines.some(({ to, worker }) => to === level && worker === 1)
  await until(isToldByWorker('debug'), { timeoutMs: 30_000, describe: () => running.tail() })
  expect((await statusOf(url)).logLevel).toBe('debug')
  running.send('SIGUSR2')
  await until(async () => (await statusOf(url)).logLevel === 'info', { timeoutMs: 30_000 })
  running.send('SIGTERM')
  expect(await running.ended, running.tail()).toEqual({ code: 0, signal: null })
})
