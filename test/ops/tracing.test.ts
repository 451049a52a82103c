import { trace, type Link, type Span, type SpanOptions, type Tracer } from '@opentelemetry/api'
import { afterEach, expect, test } from 'vitest'
import { createTracing } from '../../src/ops/tracing.ts'

afterEach(() => trace.disable())

const cause = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const traceId = '1'.repeat(32)
const spanId = '2'.repeat(16)

interface Recorded {
  readonly name: string
  readonly options: SpanOptions
  status?: object
  ended: boolean
}

function record(): Recorded[] {
  const spans: Recorded[] = []
  const tracer = {
    startActiveSpan(name: string, options: SpanOptions, work: (span: Span) => unknown) {
      const recorded: Recorded = { name, options, ended: false }
      spans.push(recorded)
      return work({
        spanContext: () => ({ traceId, spanId, traceFlags: 1 }),
        setStatus: (status: object) => void (recorded.status = status),
        end: () => void (recorded.ended = true),
      } as unknown as Span)
    },
  } as unknown as Tracer
  trace.setGlobalTracerProvider({ getTracer: () => tracer })
  return spans
}

const askedFor = (): never => {
  throw new Error('asked for')
}

const options = (causes: () => readonly string[]) =>
  ({ name: 'work', kind: 'client', attributes: { topic: 't' }, causes, fault: (end: string) => end }) as const

test('without an SDK the work runs as it is, and nobody asks for its causes', async () => {
  const tracing = createTracing('1')
  expect([tracing.isOn, await tracing.span(options(askedFor), async (own) => own ?? 'none')]).toEqual([false, 'none'])
})

test('with an SDK the work runs in a span linked to its causes, each once, and knows its own trace context', async () => {
  const spans = record()
  const tracing = createTracing('1')
  const own = await tracing.span(
    options(() => [cause, cause, 'nonsense']),
    async (text) => text ?? '',
  )
  expect([tracing.isOn, own]).toEqual([true, `00-${traceId}-${spanId}-01`])
  const context = { traceId: cause.slice(3, 35), spanId: cause.slice(36, 52), traceFlags: 1, isRemote: true }
  const links: Link[] = [{ context }]
  expect(spans).toEqual([
    {
      name: 'work',
      options: { kind: 2, attributes: { topic: 't' }, links },
      status: { code: 2, message: own },
      ended: true,
    },
  ])
})

test('a span ends with the status of a fault when the work fails', async () => {
  const spans = record()
  const failing = createTracing('1').span(
    options(() => []),
    async () => Promise.reject(new Error('no')),
  )
  await expect(failing).rejects.toThrow('no')
  expect([spans[0]?.ended, spans[0]?.status]).toEqual([true, { code: 2 }])
})
