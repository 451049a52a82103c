import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { addSnapshots, createMeterStore, lasting } from '../../src/ops/meter-store.ts'
import { bucketsSeconds } from '../../src/ops/metrics.ts'

const group = 'tb.process'
const destination = 'main'

test('a store gives counted totals by labels, and what is known elsewhere as of the moment it is asked', () => {
  const store = createMeterStore()
  let partitions = 3
  store.onSnapshot((reading) => reading.set('trackbridge_assigned_partitions', { group }, partitions))
  store.add('trackbridge_halvings_total', { destination })
  store.add('trackbridge_halvings_total', { destination }, 2)
  store.add('trackbridge_halvings_total', { destination: 'shop' }, 0)
  expect(store.snapshot()).toEqual({
    trackbridge_halvings_total: [
      { labels: { destination }, value: 3 },
      { labels: { destination: 'shop' }, value: 0 },
    ],
    trackbridge_assigned_partitions: [{ labels: { group }, value: 3 }],
  })
  partitions = 5
  expect(store.snapshot().trackbridge_assigned_partitions).toEqual([{ labels: { group }, value: 5 }])
})

test('an observation of several things spreads them over the buckets between its ends', () => {
  const store = createMeterStore()
  store.observe('trackbridge_raw_to_topic_seconds', {}, { fromSeconds: 0, toSeconds: 2, times: 8 })
  const [sample] = store.snapshot().trackbridge_raw_to_topic_seconds ?? []
  const upTo = (bound: number): number =>
    sample?.buckets?.slice(0, bucketsSeconds.indexOf(bound as 1) + 1).reduce((sum, one) => sum + one, 0) ?? 0
  expect([upTo(0.1), upTo(0.5), upTo(1), upTo(2.5), sample?.sum]).toEqual([0, 2, 4, 8, 8])
})

test('whatever is observed, the buckets hold each thing once, and none of them outside the ends', () => {
  const seconds = fc.double({ min: -10, max: 200_000, noNaN: true })
  fc.assert(
    fc.property(seconds, seconds, fc.integer({ min: 1, max: 5_000 }), (fromSeconds, toSeconds, times) => {
      const store = createMeterStore()
      store.observe('trackbridge_raw_to_topic_seconds', {}, { fromSeconds, toSeconds, times })
      const buckets = store.snapshot().trackbridge_raw_to_topic_seconds?.[0]?.buckets ?? []
      const low = Math.max(0, Math.min(fromSeconds, toSeconds))
      const high = Math.max(0, fromSeconds, toSeconds)
      const isWithin = (index: number): boolean =>
        (bucketsSeconds[index] ?? Infinity) >= low && (bucketsSeconds[index - 1] ?? 0) <= high
      expect(buckets.reduce((sum, one) => sum + one, 0)).toBe(times)
      expect(buckets.filter((held, index) => held < 0 || (held > 0 && !isWithin(index)))).toEqual([])
    }),
  )
})

test('snapshots of several processes add up, but of ages the highest counts', () => {
  const snapshotOf = (lag: number, age: number, seconds: number) => {
    const store = createMeterStore()
    store.onSnapshot((reading) => {
      reading.set('trackbridge_lag_records', { group, topic: 't', partition: String(lag) }, lag)
      reading.set('trackbridge_oldest_record_age_seconds', { group, topic: 't' }, age)
    })
    store.add('trackbridge_rebalances_total', { group })
    const spread = { fromSeconds: seconds, toSeconds: seconds, times: 1 }
    store.observe('trackbridge_transaction_seconds', {}, spread)
    return store.snapshot()
  }
  const both = addSnapshots(snapshotOf(1, 7, 0.001), snapshotOf(2, 4, 90_000))
  const buckets = [1, ...bucketsSeconds.slice(1).map(() => 0), 1]
  expect(both).toEqual({
    trackbridge_lag_records: [
      { labels: { group, topic: 't', partition: '1' }, value: 1 },
      { labels: { group, topic: 't', partition: '2' }, value: 2 },
    ],
    trackbridge_oldest_record_age_seconds: [{ labels: { group, topic: 't' }, value: 7 }],
    trackbridge_rebalances_total: [{ labels: { group }, value: 2 }],
    trackbridge_transaction_seconds: [{ labels: {}, buckets, sum: 90_000.001 }],
  })
  expect(Object.keys(lasting(both)).toSorted()).toEqual([
    'trackbridge_rebalances_total',
    'trackbridge_transaction_seconds',
  ])
})
