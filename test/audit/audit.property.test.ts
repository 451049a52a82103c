import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { OutRecord } from '../../src/kafka/broker.ts'
import { faultCounts, setUp } from './setting.ts'

const shapes = fc.record({
  count: fc.integer({ min: 1, max: 150 }),
  partitions: fc.integer({ min: 1, max: 3 }),
  letterPartitions: fc.integer({ min: 1, max: 3 }),
  partitioning: fc.constantFrom('source' as const, 'key' as const),
  memoryBytes: fc.constantFrom(20, 150, 1_000_000),
})

test('whatever is on the raw topic, of what process makes of it nothing is found wrong, and each raw record is in one column', async () => {
  await fc.assert(
    fc.asyncProperty(shapes, async ({ count, ...shape }) => {
      const setting = setUp(shape)
      setting.feed(count)
      await setting.write(await setting.outputs())
      const { faults, partitions } = await setting.audit()
      const sums = partitions.map(({ tally }) => tally)
      const all = sums.reduce((sum, one) => sum + one.in, 0)
      const slots = sums.map((one) => one.translated + one.unsupported + one.deadLetters + one.empty)
      expect([faults, all, slots.reduce((sum, one) => sum + one, 0)]).toEqual([[], count, count])
    }),
    { numRuns: 30 },
  )
})

test('in a window in the middle, and with half of it unprocessed, nothing is found wrong either', async () => {
  const bounds = fc.record({ from: fc.nat(60), to: fc.nat(60), committed: fc.nat(60) })
  await fc.assert(
    fc.asyncProperty(shapes, bounds, async ({ count, ...shape }, { from, to, committed }) => {
      const setting = setUp({ ...shape, partitions: 1 })
      setting.feed(count)
      const outputs = await setting.outputs()
      const isDone = (record: OutRecord): boolean => Number(String(record.headers['tb-src']).split(':')[2]) < committed
      await setting.write(outputs.filter(isDone), { 0: Math.min(committed, count) })
      const { faults, partitions } = await setting.audit({
        from: { kind: 'place', topic: 'raw', partition: 0, offset: from },
        to: { kind: 'place', topic: 'raw', partition: 0, offset: to },
      })
      const [view] = partitions
      const expected = Math.max(0, Math.min(to, committed, count) - from)
      expect([faults, view?.tally.in]).toEqual([[], expected])
    }),
    { numRuns: 30 },
  )
})

const source = ({ headers }: OutRecord): string => String(headers['tb-src']).split(':').slice(0, 2).join(':')

const indexOf = (seed: number, list: readonly unknown[]): number => seed % list.length

test('one output that is left out is found, wherever it stood', async () => {
  await fc.assert(
    fc.asyncProperty(shapes, fc.nat(), async ({ count, ...shape }, seed) => {
      const setting = setUp(shape)
      setting.feed(count + 1)
      const outputs = await setting.outputs()
      await setting.write(outputs.toSpliced(indexOf(seed, outputs), 1))
      const result = await setting.audit()
      expect(faultCounts(result)).toEqual({ missing: 1 })
      const lost = String(outputs[indexOf(seed, outputs)]?.headers['tb-src'])
      expect(result.faults[0]?.offenders.map(({ raw }) => raw)).toEqual([lost])
    }),
    { numRuns: 30 },
  )
})

test('one output that stands there twice is found, wherever the second copy is', async () => {
  await fc.assert(
    fc.asyncProperty(shapes, fc.nat(), fc.nat(), async ({ count, ...shape }, seed, gap) => {
      const setting = setUp(shape)
      setting.feed(count + 1)
      const outputs = await setting.outputs()
      const at = indexOf(seed, outputs)
      const second = at + 1 + (gap % (outputs.length - at))
      await setting.write(outputs.toSpliced(second, 0, outputs[at]!))
      const result = await setting.audit()
      expect(faultCounts(result)).toEqual({ doubled: 1 })
      expect(result.faults[0]?.offenders.map(({ raw }) => raw)).toEqual([String(outputs[at]?.headers['tb-src'])])
    }),
    { numRuns: 30 },
  )
})

test('two outputs of one raw partition that change places on an output partition are found', async () => {
  await fc.assert(
    fc.asyncProperty(shapes, fc.nat(), async ({ count, ...shape }, seed) => {
      const setting = setUp(shape)
      setting.feed(count + 40)
      const outputs = await setting.outputs()
      const pairs = outputs.flatMap((record, index) => {
        const next = outputs.findIndex(
          (other, later) =>
            later > index &&
            other.topic === record.topic &&
            other.partition === record.partition &&
            source(other) === source(record),
        )
        return next < 0 ? [] : [[index, next] as const]
      })
      const [first, second] = pairs[indexOf(seed, pairs)]!
      await setting.write(outputs.with(first, outputs[second]!).with(second, outputs[first]!))
      const result = await setting.audit()
      expect(faultCounts(result)).toEqual({ disorder: 1 })
      expect(result.faults[0]?.offenders.map(({ raw }) => raw)).toEqual([String(outputs[first]?.headers['tb-src'])])
    }),
    { numRuns: 30 },
  )
})
