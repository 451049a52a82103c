import { expect, test } from 'vitest'
import { registryItems } from '../../../src/cli/check/check-registry.ts'
import { parseConfig } from '../../../src/config/load.ts'
import type { Registry } from '../../../src/schemas/registry.ts'

const config = parseConfig(
  JSON.stringify({
    kafka: { brokers: 'a:1' },
    schemaRegistry: { url: 'http://registry' },
    destinations: [{ name: 'one', format: 'avro' }, { name: 'two' }],
  }),
  { path: '/x.yaml', env: {} },
)
const subject = 'cio.pipelines.one-value'
const register = 'trackbridge schemas register'
const schema = { id: 7, version: 3, schema: '"string"' }

const registryWith = (answers: Partial<Registry>): Registry => ({
  schemaById: async () => null,
  lookup: async () => schema,
  latest: async () => schema,
  level: async () => 'FULL_TRANSITIVE',
  setLevel: () => expect.fail('check sets no level'),
  compatibility: async () => ({ compatible: true, reasons: [] }),
  register: () => expect.fail('check registers nothing'),
  ...answers,
})

const reached = { name: 'registry', state: 'ok', details: ['reached'], toDo: [] }

test.each<[string, Partial<Registry>, string, string, readonly string[]]>([
  [
    'a schema that is registered',
    {},
    'ok',
    'PipelinesMessage is registered with id 7, compatibility FULL_TRANSITIVE',
    [],
  ],
  [
    'another compatibility',
    { level: async () => 'BACKWARD' },
    'warning',
    'PipelinesMessage is registered with id 7, but its compatibility is BACKWARD, not FULL_TRANSITIVE',
    [register],
  ],
  [
    'no compatibility',
    { level: async () => null },
    'warning',
    'PipelinesMessage is registered with id 7, but its compatibility is not set, not FULL_TRANSITIVE',
    [register],
  ],
  ['no schema', { latest: async () => null }, 'failed', 'has no schema; PipelinesMessage is written there', [register]],
  [
    'an older schema',
    { lookup: async () => null },
    'failed',
    'has another schema as version 3, and not our PipelinesMessage',
    [register],
  ],
  [
    "somebody else's schema",
    { lookup: async () => null, compatibility: async () => ({ compatible: false, reasons: ['a field is gone'] }) },
    'failed',
    'has another schema as version 3, which does not go with our PipelinesMessage: a field is gone',
    ['write to another topic, or remove the subject'],
  ],
  ['a subject that fails', { lookup: () => Promise.reject(new Error('no answer')) }, 'failed', 'no answer', []],
])('check says of a subject: %s', async (...row) => {
  const [, answers, state, detail, toDo] = row
  expect(await registryItems(config, registryWith(answers))).toEqual([
    reached,
    { name: subject, state, details: [detail], toDo },
  ])
})

const away = () => Promise.reject(new Error('http://registry does not answer'))

test('a registry that is away is one cross, not one for each subject', async () => {
  expect(await registryItems(config, registryWith({ schemaById: away, latest: away }))).toEqual([
    {
      name: 'registry',
      state: 'failed',
      details: ['http://registry does not answer'],
      toDo: ['look at schemaRegistry.url, its credentials and the firewall between'],
    },
  ])
})

test('without a registry nothing is said', async () => {
  expect(await registryItems(config, undefined)).toEqual([])
})
