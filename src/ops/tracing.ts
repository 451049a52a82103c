// Spans by OpenTelemetry's API: nothing at all unless an SDK is there, which whoever wants traces loads and sets up by the
// standard OTEL_* variables. The only importer of @opentelemetry/api. In: work and what led to
// it, as W3C traceparent texts. Out: a span for the work, linked to them.
import {
  isSpanContextValid,
  ProxyTracerProvider,
  SpanKind,
  SpanStatusCode,
  trace,
  type Link,
  type SpanContext,
} from '@opentelemetry/api'

export interface SpanOptions<T> {
  /** Fixed text; what varies is an attribute. */
  readonly name: string
  readonly kind: 'internal' | 'client'
  /** Never payloads, ids of persons, secrets. */
  readonly attributes: Readonly<Record<string, string | number>>
  /** What led to it; only asked for while traces are on. */
  readonly causes: () => readonly string[]
  /** Why the end counts as a fault; undefined when it does not. */
  readonly fault: (end: T) => string | undefined
}

export interface Tracing {
  /** Whether anybody takes spans. */
  readonly isOn: boolean
  /** Runs the work in a span. `traceparent` is the span's own; undefined while traces are off. */
  span<T>(options: SpanOptions<T>, work: (traceparent: string | undefined) => Promise<T>): Promise<T>
}

/** More than so many causes of one span are left out. */
const maxLinks = 64

/** Asks once whether an SDK is there. */
export function createTracing(version: string): Tracing {
  if (!hasSdk()) return { isOn: false, span: (_options, work) => work(undefined) }
  const tracer = trace.getTracer('trackbridge', version)
  return {
    isOn: true,
    span({ name, kind, attributes, causes, fault }, work) {
      const links = linksOf(causes())
      const options = {
        kind: SpanKind[kind === 'client' ? 'CLIENT' : 'INTERNAL'],
        attributes: { ...attributes },
        links,
      }
      return tracer.startActiveSpan(name, options, async (span) => {
        try {
          const end = await work(textOf(span.spanContext()))
          const why = fault(end)
          if (why !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: why })
          return end
        } catch (error) {
          span.setStatus({ code: SpanStatusCode.ERROR })
          throw error
        } finally {
          span.end()
        }
      })
    },
  }
}

// Without an SDK the API hands out one and the same provider that does nothing.
function hasSdk(): boolean {
  const provider = trace.getTracerProvider()
  if (!(provider instanceof ProxyTracerProvider)) return true
  return provider.getDelegate() !== new ProxyTracerProvider().getDelegate()
}

function linksOf(causes: readonly string[]): Link[] {
  const distinct = [...new Set(causes)].slice(0, maxLinks)
  return distinct.flatMap((text) => {
    const context = contextOf(text)
    return context === undefined ? [] : [{ context }]
  })
}

const form = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

function contextOf(text: string): SpanContext | undefined {
  const [, traceId = '', spanId = '', flags = '0'] = form.exec(text) ?? []
  const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true }
  return isSpanContextValid(context) ? context : undefined
}

const textOf = (context: SpanContext): string | undefined =>
  isSpanContextValid(context)
    ? `00-${context.traceId}-${context.spanId}-${context.traceFlags.toString(16).padStart(2, '0')}`
    : undefined
