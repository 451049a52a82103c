// The whole way of a trace with OpenTelemetry's own SDK: raw record, chunk, message, request. Spans end in memory.
import { trace } from '@opentelemetry/api'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { createGroupProgress } from '../../src/cli/run/group-progress.ts'
import { meteredApi } from '../../src/cli/run/metered-api.ts'
import { meteredBroker } from '../../src/cli/run/metered-broker.ts'
import { createMeterStore } from '../../src/ops/meter-store.ts'
import { silentLog } from '../../src/ops/log.ts'
import { createTracing } from '../../src/ops/tracing.ts'
import { startProcessor } from '../../src/processor/processor.ts'
import { headersOf } from '../../src/records/headers.ts'
import { createHttpEndpoint } from '../../src/sink/http-endpoint.ts'
import { createFakeClock, runUntil } from '../support/fake-clock.ts'
import { createMemoryBroker } from '../support/memory-broker.ts'
import { processorOptions, stopWithin } from '../support/processor.ts'
import { routeTo } from '../support/raw-records.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { endpointOf, limits, startWith } from '../support/sink.ts'

const exporter = new InMemorySpanExporter()
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
afterAll(() => trace.disable())

/** Of the raw record with this number: 1 and up have one, 0 has none. */
const traceparent = (number: number): string => `00-${String(number).padStart(32, 'a')}-${'b'.repeat(16)}-01`

/** Answers 503 to the first request, 200 to the others, and keeps their headers. */
async function serve() {
  const requests: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    requests.push(request.headers)
    request.resume()
    request.on('end', () => response.writeHead(requests.length === 1 ? 503 : 200).end('{}'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return { requests, url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/v1` }
}

function setUp() {
  const [clock, broker, tracing, meter] = [
    createFakeClock(),
    createMemoryBroker(),
    createTracing('1'),
    createMeterStore(),
  ]
  for (const topic of ['raw', 'main', 'dlq', 'unsupported']) broker.createTopic(topic, 1)
  broker.append(
    Array.from({ length: 7 }, (_, number) => ({
      topic: 'raw',
      value: JSON.stringify({ method: 'PUT', path: `/api/v1/customers/${number}`, body: { plan: 'pro' } }),
      headers: number === 0 ? {} : { traceparent: traceparent(number) },
    })),
  )
  const metered = meteredBroker(broker, { clock, meter, tracing, progress: createGroupProgress() })
  return { clock, broker, metered, tracing, meter }
}

const spansOf = (name: string) =>
  exporter
    .getFinishedSpans()
    .filter((span) => span.name === name)
    .map((span) => ({
      own: `00-${span.spanContext().traceId}-${span.spanContext().spanId}-01`,
      isRoot: span.parentSpanContext === undefined,
      attributes: span.attributes,
      status: span.status,
      links: span.links.map(({ context }) => `00-${context.traceId}-${context.spanId}-01`),
    }))

test('with the SDK a trace goes from raw record to message to request: one span a chunk and a request, linked to their records', async () => {
  const { clock, broker, metered, tracing, meter } = setUp()
  const { requests, url } = await serve()
  expect(tracing.isOn).toBe(true)

  const options = processorOptions({ routes: [routeTo('main')], chunkRecords: 4 })
  const processor = await startProcessor({ broker: metered, clock, log: silentLog }, options)
  await runUntil(clock, () => broker.stored('main').length === 7)
  await stopWithin(clock, processor)
  const carried = broker
    .stored('main')
    .map(({ headers }) => String(headersOf({ headers }).find(([key]) => key === 'traceparent')?.[1] ?? 'none'))
  expect(carried).toEqual(['none', ...[1, 2, 3, 4, 5, 6].map(traceparent)])
  const attributes = { group: 'tb.process', topic: 'raw', partition: 0 }
  const well = { isRoot: true, own: expect.any(String) as string, status: { code: 0 } }
  expect(spansOf('trackbridge chunk')).toEqual([
    { ...well, attributes: { ...attributes, records: 4 }, links: [1, 2, 3].map(traceparent) },
    { ...well, attributes: { ...attributes, records: 3 }, links: [4, 5, 6].map(traceparent) },
  ])

  const sinkOptions = {
    prefix: 'tb',
    destinations: [
      {
        name: 'main',
        topic: 'main',
        endpoint: endpointOf(url),
        limits: { ...limits, maxBatchMessages: 5 },
        shutdownTimeoutMs: 5_000,
      },
    ],
    deadLetterTopic: 'dlq',
    sessionTimeoutMs: 15_000,
  }
  const openApi = (endpoint: Parameters<typeof createHttpEndpoint>[0], name: string) =>
    meteredApi(createHttpEndpoint(endpoint), name, { clock, meter, tracing })
  await startWith({ broker: metered, clock, log: silentLog, random: seededRandom(3), openApi }, sinkOptions)
  // Each chunk left a marker of its transaction behind it.
  await runUntil(clock, () => broker.committed('tb.sink.main', 'main').get(0) === 7 + 2)
  const spans = spansOf('trackbridge request')
  const first = { attributes: { destination: 'main', messages: 5 }, links: [1, 2, 3, 4].map(traceparent) }
  const last = { attributes: { destination: 'main', messages: 2 }, links: [5, 6].map(traceparent) }
  expect(spans).toEqual([
    { ...well, ...first, status: { code: 2, message: 'status 503' } },
    { ...well, ...first },
    { ...well, ...last },
  ])
  expect(requests.map((headers) => headers['traceparent'])).toEqual(spans.map(({ own }) => own))
  expect(exporter.getFinishedSpans().length).toBe(5)
})
