import { expect, test } from 'vitest'
import { meteredRegistry } from '../../../src/cli/run/metered-registry.ts'
import { createMeterStore } from '../../../src/ops/meter-store.ts'
import type { Registry } from '../../../src/schemas/registry.ts'

const schema = { schema: '"string"', type: 'AVRO', parts: [] }
const registered = { id: 1, version: 1, schema: '"string"' }

/** Knows id 1 and the subject `a`, nothing else; id 9 cannot be asked for. */
const registry = {
  schemaById: async (id: number) => {
    if (id === 9) throw new Error('no answer')
    return id === 1 ? schema : null
  },
  lookup: async (subject: string) => (subject === 'a' ? registered : null),
  level: async () => 'FULL',
} as unknown as Registry

test('questions for a schema count by what came of them, and their answers are passed on', async () => {
  const meter = createMeterStore()
  const metered = meteredRegistry(registry, meter)
  const answers = [await metered.schemaById(1), await metered.schemaById(2), await metered.lookup('a', '"string"')]
  await expect(metered.schemaById(9)).rejects.toThrow('no answer')
  expect([answers, await metered.lookup('b', '"string"')]).toEqual([[schema, null, registered], null])
  expect(meter.snapshot()).toEqual({
    trackbridge_registry_lookups_total: [
      { labels: { result: 'found' }, value: 2 },
      { labels: { result: 'unknown' }, value: 2 },
      { labels: { result: 'failed' }, value: 1 },
    ],
  })
})

test('other questions are no lookups, and without a meter the registry stays as it is', async () => {
  const meter = createMeterStore()
  expect([await meteredRegistry(registry, meter).level('a'), meter.snapshot()]).toEqual(['FULL', {}])
  expect(meteredRegistry(registry, undefined)).toBe(registry)
})
