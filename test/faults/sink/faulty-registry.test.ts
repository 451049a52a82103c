import { expect, onTestFinished, test } from 'vitest'
import { startFaultyRegistry, type FaultyRegistry, type RegistryFault } from '../../../faults/sink/faulty-registry.ts'
import { ownSchema } from '../../../src/schemas/own-schemas.ts'
import { createRegistry } from '../../../src/schemas/registry.ts'
import { until } from '../../support/until.ts'

const subject = 'main-value'

async function start(): Promise<FaultyRegistry> {
  const registry = await startFaultyRegistry()
  onTestFinished(() => registry.close())
  return registry
}

/** The schema, or what the sink says of a registry that does not tell it. */
const asked = async ({ url }: FaultyRegistry, id: number): Promise<string> =>
  createRegistry({ urls: [url], timeoutMs: 200 })
    .schemaById(id)
    .then(
      (found) => found?.schema ?? 'none',
      (error: unknown) => String(error instanceof Error && 'code' in error ? error.code : error),
    )

test.each<RegistryFault>(['refuses', 'silent', '503', 'gateway', 'garbage'])(
  'a registry with the fault "%s" tells no schema, denies none, and has all of them afterwards under their ids',
  async (fault) => {
    const registry = await start()
    const ids = (['PipelinesMessage', 'TrackCall'] as const).map((name) => registry.put(subject, ownSchema(name)))
    await registry.strike(fault)
    const during = await Promise.all(ids.map((id) => asked(registry, id)))
    await registry.strike(undefined)
    const after = await Promise.all([...ids, 3].map((id) => asked(registry, id)))
    expect([ids, during, after]).toEqual([
      [1, 2],
      ['TB_REGISTRY_UNAVAILABLE', 'TB_REGISTRY_UNAVAILABLE'],
      [ownSchema('PipelinesMessage'), ownSchema('TrackCall'), 'none'],
    ])
  },
)

test('one fault follows the other, and schemas are put in between', async () => {
  const registry = await start()
  await registry.strike('refuses')
  expect(() => registry.put(subject, ownSchema('TrackCall'))).toThrow('a registry that is away takes no schemas')
  await registry.strike('503')
  const id = registry.put(subject, ownSchema('TrackCall'))
  const during = await asked(registry, id)
  await registry.strike('refuses')
  await registry.strike(undefined)
  expect(during).toBe('TB_REGISTRY_UNAVAILABLE')
  // A connection that was kept from before breaks once.
  await until(async () => (await asked(registry, id)) === ownSchema('TrackCall'))
})
