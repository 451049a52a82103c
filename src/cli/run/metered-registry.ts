// A schema registry whose questions are counted. In: a registry. Out: the same registry.
import type { Meter } from '../../ops/meter.ts'
import type { Registry } from '../../schemas/registry.ts'

/** Counts questions for a schema by what came of them. */
export function meteredRegistry(registry: Registry, meter: Meter | undefined): Registry {
  if (meter === undefined) return registry
  const counted = async <T>(asked: Promise<T | null>): Promise<T | null> => {
    let result = 'failed'
    try {
      const found = await asked
      result = found === null ? 'unknown' : 'found'
      return found
    } finally {
      meter.add('trackbridge_registry_lookups_total', { result })
    }
  }
  return {
    ...registry,
    schemaById: (id) => counted(registry.schemaById(id)),
    lookup: (subject, schema) => counted(registry.lookup(subject, schema)),
  }
}
