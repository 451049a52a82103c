import { expect, test } from 'vitest'
import { meteredApi } from '../../../src/cli/run/metered-api.ts'
import { createMeterStore, type Snapshot } from '../../../src/ops/meter-store.ts'
import { createTracing } from '../../../src/ops/tracing.ts'
import type { CarriedCall, EndpointRequest } from '../../../src/sink/http-endpoint.ts'
import type { ApiAnswer } from '../../../src/sink/verdict.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

const call = (type: 'track' | 'page', headers: CarriedCall['record']['headers'] = []): CarriedCall => ({
  record: { offset: 0, timestamp: 0, key: null, value: null, headers },
  message: { type },
})

const answered = (status: number): ApiAnswer => ({ status, headers: {}, body: '' })

async function send(answer: ApiAnswer, calls: readonly CarriedCall[]) {
  const meter = createMeterStore()
  const sent: EndpointRequest[] = []
  const api = {
    close: async () => undefined,
    send: async (request: EndpointRequest) => {
      sent.push(request)
      return answer
    },
  }
  const metered = meteredApi(api, 'main', { clock: createFakeClock(3_000), meter, tracing: createTracing('1') })
  const request = { path: '/batch', contentType: 'application/json', body: Buffer.from(''), calls }
  expect(await metered.send(request, new AbortController().signal)).toBe(answer)
  return { sent, snapshot: meter.snapshot() }
}

const requestsOf = ({ trackbridge_http_requests_total: requests = [] }: Snapshot) =>
  requests.map(({ labels, value }) => [labels['status_class'], labels['verdict'], value])
const halvingsOf = ({ trackbridge_halvings_total: halvings = [] }: Snapshot) => halvings.map(({ value }) => value)

test.each([
  [answered(200), '2xx', 'delivered', 0],
  [answered(429), '4xx', 'retry', 0],
  [answered(400), '4xx', 'halve', 1],
  [answered(401), '4xx', 'blocked', 0],
  [answered(503), '5xx', 'retry', 0],
  [{ networkError: 'connection cut' }, 'none', 'retry', 0],
  [{ networkError: 'aborted' }, 'none', 'aborted', 0],
] as const)('the answer %j counts as %s, %s', async (answer, statusClass, verdict, halvings) => {
  const { snapshot } = await send(answer, [call('track'), call('page')])
  expect([requestsOf(snapshot), halvingsOf(snapshot)]).toEqual([[[statusClass, verdict, 1]], [halvings]])
})

test('a refused message that went alone is not halved', async () => {
  expect(halvingsOf((await send(answered(400), [call('track')])).snapshot)).toEqual([0])
})

test('messages that the API takes count by type, with the time since their raw records', async () => {
  const { snapshot } = await send(answered(200), [call('track'), call('page'), call('track')])
  expect(snapshot.trackbridge_messages_delivered_total).toEqual([
    { labels: { destination: 'main', type: 'track' }, value: 2 },
    { labels: { destination: 'main', type: 'page' }, value: 1 },
  ])
  const [latency] = snapshot.trackbridge_raw_to_api_seconds ?? []
  expect([latency?.sum, latency?.buckets?.reduce((sum, one) => sum + one, 0)]).toEqual([9, 3])
})

test('without traces a request carries the trace context of its first message, if it has one', async () => {
  const header = [['traceparent', Buffer.from(traceparent)]] as const
  const { sent } = await send(answered(200), [call('track', header), call('track')])
  expect(sent.map((request) => request.traceparent)).toEqual([traceparent])
  expect((await send(answered(200), [call('track'), call('track', header)])).sent[0]?.traceparent).toBe(undefined)
})
