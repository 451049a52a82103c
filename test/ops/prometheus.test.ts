import { expect, test } from 'vitest'
import { createMeterStore } from '../../src/ops/meter-store.ts'
import { metrics } from '../../src/ops/metrics.ts'
import { metricsRoute } from '../../src/ops/prometheus.ts'
import { readMetrics } from '../support/read-metrics.ts'

async function scrape(store: ReturnType<typeof createMeterStore>) {
  const answer = await metricsRoute(() => store.snapshot())['/metrics']?.()
  return { answer, ...readMetrics(answer?.body ?? '') }
}

test('/metrics names every metric with its type before anything has been counted, and those of the process', async () => {
  const { answer, types, value } = await scrape(createMeterStore())
  expect([answer?.status, answer?.contentType]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  const ours = Object.entries(types).filter(([name]) => name.startsWith('trackbridge_'))
  expect(ours).toEqual(Object.entries(metrics).map(([name, { type }]) => [name, type]))
  expect(value('trackbridge_messages_unrouted_total')).toBe(0)
  expect(types['nodejs_eventloop_lag_seconds']).toBe('gauge')
})

test('/metrics gives histograms as cumulative buckets with sum and count', async () => {
  const store = createMeterStore()
  const observed = { fromSeconds: 0.2, toSeconds: 0.2, times: 3 }
  store.observe('trackbridge_raw_to_api_seconds', { destination: 'main' }, observed)
  const { value } = await scrape(store)
  const bucket = (le: string) => value('trackbridge_raw_to_api_seconds_bucket', { destination: 'main', le })
  expect([bucket('0.1'), bucket('0.25'), bucket('86400'), bucket('+Inf')]).toEqual([0, 3, 3, 3])
  expect(value('trackbridge_raw_to_api_seconds_count', { destination: 'main' })).toBe(3)
  expect(value('trackbridge_raw_to_api_seconds_sum', { destination: 'main' })).toBeCloseTo(0.6)
})
