import { expect, test } from 'vitest'
import { compareRecord } from '../../src/replay/diff-configs.ts'
import { createDiffTally } from '../../src/replay/diff-tally.ts'
import type { RehearseSettings } from '../../src/replay/translate-window.ts'
import { rawRecord, routeTo, topologySettings } from '../support/raw-records.ts'
import { event, identify, rehearsalOf } from './diff-window.ts'

function compare(values: readonly object[], here: RehearseSettings, there: RehearseSettings, samples = 3) {
  const tally = createDiffTally({ samples })
  const both = { here: rehearsalOf(here), there: rehearsalOf(there) }
  for (const [offset, value] of values.entries()) compareRecord(rawRecord(value, { offset }), both, tally)
  return tally.counts()
}

const settings = topologySettings()
const withMapping = (mapping: Partial<RehearseSettings['mapping']>) => ({
  ...settings,
  mapping: { ...settings.mapping, ...mapping },
})
const relationship = (action: string) => ({
  type: 'person',
  action,
  identifiers: { id: '42' },
  cio_relationships: [
    { identifiers: { object_type_id: '1', object_id: 'acme' }, relationship_attributes: { role: 'admin' } },
  ],
})
const form = { method: 'POST', path: '/api/v1/forms/9/submit', body: {} }
const broken = { method: 'POST', path: '/api/v1/customers/42/events', body: {} }

test('records that both configurations translate alike are the same', () => {
  const counts = compare([event('1'), identify('1'), form, broken], settings, topologySettings())
  expect(counts).toEqual({
    types: [
      { destination: 'main', type: 'track', same: 1, changed: 0, onlyHere: 0, onlyThere: 0 },
      { destination: 'main', type: 'identify', same: 1, changed: 0, onlyHere: 0, onlyThere: 0 },
      { destination: null, type: 'unsupported', same: 1, changed: 0, onlyHere: 0, onlyThere: 0 },
      { destination: null, type: 'dead-letter', same: 1, changed: 0, onlyHere: 0, onlyThere: 0 },
    ],
    totals: { same: 4, changed: 0, onlyHere: 0, onlyThere: 0 },
    paths: [],
    pathsUnknown: 0,
    samples: [],
  })
})

test('a mapping setting changes just the messages that it is about, and the paths say how', () => {
  const changed = withMapping({ relationshipTraitsKey: 'relationshipAttributes' })
  const counts = compare([event('1'), relationship('add_relationships')], settings, changed)
  expect(counts.totals).toEqual({ same: 1, changed: 1, onlyHere: 0, onlyThere: 0 })
  expect(counts.paths).toEqual([
    { path: 'traits.relationshipAttributes', messages: 1 },
    { path: 'traits.relationship_traits', messages: 1 },
  ])
  expect(
    counts.samples.map(({ verdict, place, type, person, changes }) => [verdict, place, type, person, changes]),
  ).toEqual([
    [
      'changed',
      'raw:3:1',
      'group',
      '42',
      [
        { path: 'traits.relationship_traits', here: '{"role":"admin"}', there: undefined },
        { path: 'traits.relationshipAttributes', here: undefined, there: '{"role":"admin"}' },
      ],
    ],
  ])
})

test('a message whose type is another one under the other configuration is changed, not lost', () => {
  const changed = withMapping({ relationshipDelete: 'group' })
  const counts = compare([relationship('delete_relationships')], settings, changed)
  expect(counts.totals).toEqual({ same: 0, changed: 1, onlyHere: 0, onlyThere: 0 })
  expect(counts.paths.map(({ path }) => path)).toContain('type')
})

test('what is routed elsewhere is only here in one destination and only there in the other', () => {
  const where = { excludeEmailOnly: false, types: ['identify'] as const }
  const here = topologySettings([routeTo('main'), routeTo('crm', { where })])
  const there = topologySettings([routeTo('main', { where }), routeTo('new')])
  expect(compare([event('1')], here, there).samples).toMatchObject([
    { verdict: 'onlyHere', destination: 'main', type: 'track', place: 'raw:3:0', person: '1' },
    { verdict: 'onlyThere', destination: 'new', type: 'track', place: 'raw:3:0', person: '1' },
  ])
  expect(compare([identify('1')], here, there).types).toEqual([
    { destination: 'main', type: 'identify', same: 1, changed: 0, onlyHere: 0, onlyThere: 0 },
    { destination: 'crm', type: 'identify', same: 0, changed: 0, onlyHere: 1, onlyThere: 0 },
    { destination: 'new', type: 'identify', same: 0, changed: 0, onlyHere: 0, onlyThere: 1 },
  ])
})

test('a call that only one configuration can read is a dead letter on the other side', () => {
  const there = { ...settings, readCall: () => ({ ok: false, kind: 'unreadable', reason: 'no' }) as const }
  expect(compare([event('1')], settings, there).types).toEqual([
    { destination: 'main', type: 'track', same: 0, changed: 0, onlyHere: 1, onlyThere: 0 },
    { destination: null, type: 'dead-letter', same: 0, changed: 0, onlyHere: 0, onlyThere: 1 },
  ])
})

test('a dead letter for another reason is changed', () => {
  const there = { ...settings, readCall: () => ({ ok: false, kind: 'unreadable', reason: 'no' }) as const }
  expect(compare([broken], settings, there).paths.map(({ path }) => path)).toEqual(['field', 'message', 'reason'])
})

test('integrations are part of a message', () => {
  const there = topologySettings([routeTo('main', { integrations: { All: false } })])
  expect(compare([event('1')], settings, there).samples[0]?.changes).toEqual([
    { path: 'integrations.All', here: 'true', there: 'false' },
  ])
})

const select = ({ type }: { readonly type: string }): boolean => type === 'identify'

test('what the filter leaves out is not compared', () => {
  const there = topologySettings([routeTo('main', { integrations: { All: false } })])
  const counts = compare([event('1'), identify('1'), form], { ...settings, select }, { ...there, select })
  expect(counts.types).toEqual([
    { destination: 'main', type: 'identify', same: 0, changed: 1, onlyHere: 0, onlyThere: 0 },
  ])
})

test('so many samples of each kind are kept as are asked for', () => {
  const there = topologySettings([routeTo('main', { integrations: { All: false } })])
  const values = [1, 2, 3, 4].flatMap((id) => [event(String(id)), identify(String(id))])
  const places = (samples: number) => compare(values, settings, there, samples).samples.map(({ place }) => place)
  expect([places(0), places(2)]).toEqual([[], ['raw:3:0', 'raw:3:2', 'raw:3:1', 'raw:3:3']])
})
