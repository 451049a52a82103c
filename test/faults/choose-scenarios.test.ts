import { expect, test } from 'vitest'
import { chooseScenarios } from '../../faults/choose-scenarios.ts'

const [kill, stop] = [{ name: 'kill' }, { name: 'stop' }]
const registry = { name: 'registry', needs: { format: 'avro' } }
const all = [kill, registry, stop]
const why = 'registry needs --format avro'

test.each<[string, readonly string[] | undefined, Record<string, string>, object]>([
  ['all that make sense run where none is named', undefined, {}, { due: [kill, stop], leftOut: [why], refused: [] }],
  ['all run where their options are given', undefined, { format: 'avro' }, { due: all, leftOut: [], refused: [] }],
  ['those named run in their own order', ['stop', 'kill'], {}, { due: [kill, stop], leftOut: [], refused: [] }],
  ['one that is named and makes no sense is refused', ['registry'], {}, { due: [], leftOut: [], refused: [why] }],
  [
    'another value of the option is as good as none',
    ['registry', 'kill'],
    { format: 'json' },
    { due: [kill], leftOut: [], refused: [why] },
  ],
  [
    'one that is named and makes sense runs',
    ['registry'],
    { format: 'avro', concurrency: 'key' },
    { due: [registry], leftOut: [], refused: [] },
  ],
])('%s', (_name, names, choices, chosen) => {
  expect(chooseScenarios(all, names, choices)).toEqual(chosen)
})
