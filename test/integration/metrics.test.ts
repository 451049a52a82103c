import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { StatusPage } from '../../src/cli/status/status-page.ts'
import { startStandInApi } from '../../src/demo/stand-in-api.ts'
import { metrics } from '../../src/ops/metrics.ts'
import { ownSchema, subjectOf } from '../../src/schemas/own-schemas.ts'
import { readCommitted } from '../support/kafka.ts'
import { countBy, knownOf, noting, total, type Counted } from '../support/known-figures.ts'
import { createPipeline, preload } from '../support/pipeline.ts'
import { routeTo } from '../support/raw-records.ts'
import { readMetrics } from '../support/read-metrics.ts'
import { withRegistryStub } from '../support/registry-stub.ts'
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

const where = { main: ['identify', 'track'], archive: ['identify'] } as const

/** A pipeline of two destinations: `main` with a sink, `archive` in Avro without one; some messages go to neither. */
async function setUp() {
  const pipeline = await createPipeline(partitions, ['main', 'archive'])
  const [topic = '', archive = ''] = pipeline.topics.destinations
  const raw = await preload(pipeline, { count, partitions, people: 40 })
  const faults = { tooManyRequestsShare: 0.1, unavailableShare: 0.1, resetShare: 0.1, rejectEvents: ['left'] }
  const api = await startStandInApi({ clock: systemClock, random: seededRandom(3), apiKey: 'right', faults })
  onTestFinished(() => api.close())
  api.faults.answerAlways = 401
  const registry = await withRegistryStub()
  registry.put(subjectOf(archive), ownSchema('PipelinesMessage'))
  let refusals = 2
  registry.fault = (_request, response) => {
    if (--refusals === 0) registry.fault = undefined
    response.writeHead(503).end()
  }
  const limits = { maxBatchMessages: 40, lingerMs: 20, requestsPerSecond: 100 }
  const document = {
    ...pipeline.config,
    http,
    schemaRegistry: { url: registry.url },
    destinations: [
      { name: 'main', topic, where: { types: where.main }, sink: { url: api.url, apiKey: 'right', limits } },
      { name: 'archive', topic: archive, where: { types: where.archive }, format: 'avro' },
    ],
  }
  const routes = (['main', 'archive'] as const).map((name) =>
    routeTo(name, { where: { types: where[name], excludeEmailOnly: false } }),
  )
  return { pipeline, topic, archive, api, registry, document, raw, known: knownOf(raw, routes) }
}

type Running = Awaited<ReturnType<typeof setUp>> & { readonly running: TrackbridgeProcess; readonly url: string }

/** Until all raw records are done with, while the API refuses the key. */
async function untilBlocked({ raw, running, url }: Running): Promise<StatusPage> {
  const isDone = async () => {
    const page = await statusOf(url)
    const hasRead = page.process?.counts.raw === raw.length && page.groups.every(({ lag }) => lag !== null)
    return hasRead && page.destinations[0]?.state === 'blocked' && page
  }
  return until(isDone, { timeoutMs: 60_000, describe: () => running.tail() })
}

/** Until everything is delivered or a dead letter. */
async function untilSettled({ api, running, url }: Running, written: number): Promise<StatusPage> {
  const isSettled = async () => {
    const page = await statusOf(url)
    const { delivered = 0, rejected = 0 } = page.destinations[0]?.counters ?? {}
    return page.ready && page.groups.every(({ lag }) => lag === 0) && delivered + rejected === written && page
  }
  const describe = (): string => `${JSON.stringify(api.counters())}\n${running.tail()}`
  return until(isSettled, { timeoutMs: 90_000, describe })
}

const why = 'the API key is not accepted (status 401)'

async function expectScreen({ document, url }: Running, page: StatusPage): Promise<void> {
  expect([page.ready, page.parts[0]?.name, page.destinations[0]?.why]).toEqual([false, 'sink main', why])
  expect(page.parts[0]?.why).toContain(why)
  expect(page.parts.map(({ name }) => name).toSorted()).toEqual([
    'kafka',
    'process',
    'process: schema registry',
    'sink main',
    'sink: schema registry',
  ])
  expect(JSON.stringify(page.configuration)).not.toContain('right')
  const watching = startTrackbridge(['status', '--watch', '--url', url], document)
  await until(async () => watching.stdout().split('trackbridge 0.').length > 2, { timeoutMs: 30_000 })
  const screen = watching.stdout().split('\n').slice(0, 12).join('\n')
  watching.send('SIGTERM')
  await watching.ended
  expect(screen).toMatch(/^trackbridge \S+ {2}NOT READY/)
  expect(screen.split('\n')[1]).toContain(`sink main: ${why}`)
}

const main = { destination: 'main' }

test('/metrics, /status and `status --watch` tell what a run through faults did and what a blocked destination waits for', async () => {
  const setting = await setUp()
  const { pipeline, topic, archive, api, registry, document, raw, known } = setting
  const startMs = systemClock.now()
  const process = startTrackbridge(['run'], document)
  const url = await urlOf(process)
  const run: Running = { ...setting, running: process, url }
  const asked = new Set<string>()

  await untilBlocked(run)
  const messages = await readCommitted(topic)
  // The sink may still be fetching what waits.
  const [waiting, scraped] = await until(async () => {
    const [page, figures] = [await statusOf(url), await scrape(url)]
    const held = page.destinations[0]?.counters.bufferedBytes
    return held === figures.value('trackbridge_buffer_bytes', main) && ([page, figures] as const)
  })
  const blocked = noting(scraped, asked)
  const sink = { group: `${pipeline.prefix}.sink.main`, topic }
  expect(blocked.sum('trackbridge_lag_records', sink)).toBeGreaterThanOrEqual(messages.length)
  expect(blocked.value('trackbridge_oldest_record_age_seconds', sink)).toBeGreaterThan(0)
  expect(blocked.value('trackbridge_ready', { part: 'sink main' })).toBe(0)
  expect(blocked.value('trackbridge_buffer_bytes', main)).toBeGreaterThan(0)
  expect(blocked.sum('trackbridge_messages_delivered_total')).toBe(0)
  await expectScreen(run, waiting)

  delete api.faults.answerAlways
  const settled = await untilSettled(run, messages.length)
  const { types, value, sum, text } = noting(await scrape(url), asked)
  const elapsedSeconds = (systemClock.now() - startMs) / 1_000
  expect(types).toEqual(
    expect.objectContaining(Object.fromEntries(Object.entries(metrics).map(([name, { type }]) => [name, type]))),
  )

  // What the stream processor did.
  const byLabel = (name: string, label: string, wanted: Counted, labels = {}) => {
    const found = Object.keys(wanted).map((one) => [one, sum(name, { ...labels, [label]: one })])
    expect([name, Object.fromEntries(found), sum(name, labels)]).toEqual([name, wanted, total(wanted)])
  }
  const [archived, letters, unsupported] = await Promise.all([
    readCommitted(archive, { bytes: true }),
    readCommitted(pipeline.topics.deadLetters),
    readCommitted(pipeline.topics.unsupported),
  ])
  const ofStage = (stage: string): Counted =>
    countBy(
      letters
        .map(({ value: letter }) => JSON.parse(letter ?? '') as { stage: string; reason: string })
        .filter((letter) => letter.stage === stage),
      ({ reason }) => reason,
    )
  expect(value('trackbridge_records_read_total', { topic: pipeline.rawTopic })).toBe(raw.length)
  byLabel('trackbridge_outcomes_total', 'outcome', known.outcomes)
  byLabel('trackbridge_unsupported_total', 'reason', known.unsupported)
  byLabel('trackbridge_dead_letters_total', 'reason', known.deadLetters, { stage: 'process' })
  byLabel('trackbridge_dead_letters_total', 'reason', ofStage('sink'), { stage: 'sink' })
  expect([total(known.unsupported), known.deadLetters]).toEqual([unsupported.length, ofStage('process')])
  expect([known.unrouted > 0, value('trackbridge_messages_unrouted_total')]).toEqual([true, known.unrouted])
  const typesOn = (records: typeof messages): Counted => countBy(records, ({ headers }) => headers['tb-type'] ?? '')
  byLabel('trackbridge_messages_written_total', 'type', typesOn(messages), main)
  byLabel('trackbridge_messages_written_total', 'type', typesOn(archived), { destination: 'archive' })
  const written = {
    [topic]: messages.length,
    [archive]: archived.length,
    [pipeline.topics.deadLetters]: total(known.deadLetters),
    [pipeline.topics.unsupported]: unsupported.length,
  }
  byLabel('trackbridge_records_written_total', 'topic', written)
  expect(value('trackbridge_raw_to_topic_seconds_count')).toBe(total(written))
  expect(value('trackbridge_raw_to_topic_seconds_sum')).toBeGreaterThan(0)
  const committed = value('trackbridge_transactions_total', { result: 'committed' })
  expect([committed, sum('trackbridge_transactions_total')]).toEqual([
    value('trackbridge_transaction_seconds_count'),
    committed,
  ])
  expect(committed).toBeGreaterThan(0)
  const lookups = ['found', 'failed', 'unknown'].map((result) =>
    value('trackbridge_registry_lookups_total', { result }),
  )
  expect([lookups, registry.seen.length]).toEqual([[1, 2, undefined], 3])

  // What the sink did.
  const { answers, resets, accepted } = api.counters()
  const answered = (...statuses: number[]): number => statuses.reduce((sofar, one) => sofar + (answers[one] ?? 0), 0)
  const failed = answered(429, 503) + resets
  byLabel('trackbridge_http_requests_total', 'status_class', {
    '2xx': answered(200),
    '4xx': answered(400, 401, 429),
    '5xx': answered(503),
    none: resets,
  })
  byLabel('trackbridge_http_requests_total', 'verdict', {
    delivered: answered(200),
    halve: answered(400),
    blocked: answered(401),
    retry: failed,
  })
  expect(value('trackbridge_http_request_seconds_count', main)).toBe(sum('trackbridge_http_requests_total'))
  expect(value('trackbridge_http_retries_total', main)).toBe(answered(401) + failed)
  const { rejected = 0 } = ofStage('sink')
  expect(rejected).toBeGreaterThan(0)
  // Each message that is refused was refused alone in the end; the other refusals were of several.
  expect(value('trackbridge_halvings_total', main)).toBe(answered(400) - rejected)
  expect(sum('trackbridge_messages_delivered_total', main)).toBe(accepted)
  byLabel(
    'trackbridge_messages_delivered_total',
    'type',
    { ...typesOn(messages), track: (typesOn(messages)['track'] ?? 0) - rejected },
    main,
  )
  expect([value('trackbridge_raw_to_api_seconds_count', main), settled.destinations[0]?.counters.delivered]).toEqual([
    accepted,
    accepted,
  ])
  for (const name of ['trackbridge_blocked_seconds_total', 'trackbridge_rate_limit_wait_seconds_total'] as const) {
    expect([name, (value(name, main) ?? 0) > 0]).toEqual([name, true])
  }
  expect(value('trackbridge_blocked_seconds_total', main)).toBeLessThan(elapsedSeconds)
  expect([value('trackbridge_http_in_flight', main), value('trackbridge_buffer_bytes', main)]).toEqual([0, 0])

  // How things stand.
  expect([sum('trackbridge_lag_records'), sum('trackbridge_oldest_record_age_seconds')]).toEqual([0, 0])
  for (const group of [pipeline.group, sink.group]) {
    expect(value('trackbridge_assigned_partitions', { group })).toBe(partitions)
    expect(value('trackbridge_rebalances_total', { group })).toBeGreaterThanOrEqual(1)
  }
  const assignments = process.lines.filter(({ msg }) => msg === 'assignment')
  expect(value('trackbridge_rebalances_total', { group: pipeline.group })).toBe(assignments.length)
  expect(value('trackbridge_stopped_partitions', { group: pipeline.group })).toBe(0)
  byLabel('trackbridge_ready', 'part', Object.fromEntries(waiting.parts.map(({ name }) => [name, 1])))
  expect(value('trackbridge_process_memory_bytes', { worker: '0' })).toBeGreaterThan(1_000_000)
  expect(value('trackbridge_event_loop_delay_seconds', { worker: '0' })).toBeGreaterThanOrEqual(0)

  expect([...asked].toSorted()).toEqual(Object.keys(metrics).toSorted())
  for (const { key } of messages) expect(text.includes(`"${key}"`)).toBe(false)
  process.send('SIGTERM')
  expect(await process.ended, process.tail()).toEqual({ code: 0, signal: null })
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
