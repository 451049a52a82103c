// An endpoint that tells what passes: requests by status and verdict, messages taken by type, time from the raw record to
// the API, a span a request. In: an endpoint. Out: the same endpoint.
import type { Clock } from '../../clock.ts'
import type { Meter } from '../../ops/meter.ts'
import type { Tracing } from '../../ops/tracing.ts'
import { headersOf } from '../../records/headers.ts'
import type { CarriedCall, HttpEndpoint } from '../../sink/http-endpoint.ts'
import { verdict, type ApiAnswer } from '../../sink/verdict.ts'

type Api = Pick<HttpEndpoint, 'send' | 'close'>

export interface ApiMeters {
  readonly clock: Clock
  readonly meter: Meter
  readonly tracing: Tracing
}

/** The endpoint of a destination, metered. A request goes out with the trace context of its span; without traces, with
 *  that of its first message. */
export function meteredApi(api: Api, destination: string, meters: ApiMeters): Api {
  const { clock, meter, tracing } = meters
  meter.add('trackbridge_halvings_total', { destination }, 0)
  return {
    close: () => api.close(),
    send(request, signal) {
      const { calls = [] } = request
      const options = {
        name: 'trackbridge request',
        kind: 'client',
        attributes: { destination, messages: calls.length },
        causes: () => calls.flatMap((call) => traceparentOf(call) ?? []),
        fault: faultOf,
      } as const
      return tracing.span(options, async (own) => {
        const traceparent = own ?? traceparentOf(calls[0])
        const startMs = clock.now()
        const answer = await api.send(traceparent === undefined ? request : { ...request, traceparent }, signal)
        count({ answer, calls, destination, tookMs: clock.now() - startMs }, meters)
        return answer
      })
    },
  }
}

interface Answered {
  readonly answer: ApiAnswer
  readonly calls: readonly CarriedCall[]
  readonly destination: string
  readonly tookMs: number
}

function count({ answer, calls, destination, tookMs }: Answered, { clock, meter }: ApiMeters): void {
  const nowMs = clock.now()
  const meaning = isAborted(answer) ? 'aborted' : verdict(answer, nowMs).verdict
  const status_class = 'status' in answer ? `${Math.floor(answer.status / 100)}xx` : 'none'
  meter.add('trackbridge_http_requests_total', { destination, status_class, verdict: meaning })
  const seconds = tookMs / 1_000
  meter.observe(
    'trackbridge_http_request_seconds',
    { destination },
    { fromSeconds: seconds, toSeconds: seconds, times: 1 },
  )
  if (meaning === 'halve' && calls.length > 1) meter.add('trackbridge_halvings_total', { destination })
  if (meaning === 'delivered') countDelivered(calls, destination, { meter, nowMs })
}

function countDelivered(
  calls: readonly CarriedCall[],
  destination: string,
  { meter, nowMs }: { readonly meter: Meter; readonly nowMs: number },
): void {
  const [first, last] = [calls[0], calls.at(-1)]
  if (first === undefined || last === undefined) return
  const since = ({ record }: CarriedCall): number => (nowMs - record.timestamp) / 1_000
  const spread = { fromSeconds: since(last), toSeconds: since(first), times: calls.length }
  meter.observe('trackbridge_raw_to_api_seconds', { destination }, spread)
  const types: Record<string, number> = {}
  for (const { message } of calls) types[message.type] = (types[message.type] ?? 0) + 1
  for (const [type, messages] of Object.entries(types))
    meter.add('trackbridge_messages_delivered_total', { destination, type }, messages)
}

const isAborted = (answer: ApiAnswer): boolean => 'networkError' in answer && answer.networkError === 'aborted'

function faultOf(answer: ApiAnswer): string | undefined {
  if ('networkError' in answer) return answer.networkError
  return answer.status >= 400 ? `status ${answer.status}` : undefined
}

function traceparentOf(call: CarriedCall | undefined): string | undefined {
  if (call === undefined) return undefined
  const value = headersOf(call.record).find(([key]) => key === 'traceparent')?.[1]
  return value ? String(value) : undefined
}
