// Snapshots -> the text that Prometheus scrapes. The only importer of prom-client, which also gives the default metrics of
// the process (memory, event loop, garbage collection).
import { collectDefaultMetrics, Registry } from 'prom-client'
import type { Answer, Routes } from './http-server.ts'
import type { Sample, Snapshot } from './meter-store.ts'
import { bucketsSeconds, metrics, type MetricName } from './metrics.ts'

/** `/metrics`: what `read` gives at that moment, every metric of the list with its type, those without a value too. */
export function metricsRoute(read: () => Snapshot): Routes {
  const registry = createRegistry(read)
  return {
    '/metrics': async (): Promise<Answer> => ({
      status: 200,
      contentType: registry.contentType,
      body: await registry.metrics(),
    }),
  }
}

// Ours are put in as objects that answer like prom-client's own: its counters know no totals that are counted elsewhere,
// its histograms no several observations at once.
function createRegistry(read: () => Snapshot): Pick<Registry, 'metrics' | 'contentType'> {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 20 })
  let current: Snapshot = {}
  for (const [name, { type, labels, meaning }] of Object.entries(metrics)) {
    const samples = (): readonly Sample[] => current[name as MetricName] ?? (labels.length === 0 ? [unlabelled] : [])
    const get = async () => ({ name, help: meaning, type, values: samples().flatMap((sample) => lines(name, sample)) })
    registry.registerMetric({ name, get } as unknown as Parameters<Registry['registerMetric']>[0])
  }
  return {
    contentType: registry.contentType,
    metrics: () => {
      current = read()
      return registry.metrics()
    },
  }
}

const unlabelled: Sample = { labels: {}, value: 0 }

interface Line {
  readonly metricName?: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

function lines(name: string, { labels, value = 0, buckets, sum = 0 }: Sample): readonly Line[] {
  if (metrics[name as MetricName].type !== 'histogram') return [{ labels, value }]
  let upTo = 0
  const bounds = [...bucketsSeconds.map(String), '+Inf'].map((le, index) => {
    upTo += buckets?.[index] ?? 0
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: upTo }
  })
  return [
    ...bounds,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: upTo },
  ]
}
