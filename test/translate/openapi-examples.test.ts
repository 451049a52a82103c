import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fixtureRows, isObject } from './fixture-rows.ts'

const track = JSON.parse(readFileSync(new URL('../fixtures/openapi/track-openapi.json', import.meta.url), 'utf8')) as {
  paths: Record<string, Record<string, unknown>>
}

const escaped = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1')
const unescaped = (key: string) => key.replaceAll('~1', '/').replaceAll('~0', '~')

const step = (node: unknown, key: string) => (node as Record<string, unknown>)[unescaped(key)]

function resolved(ref: string): unknown {
  return ref
    .slice(2)
    .split('/')
    .reduce(step, track as unknown)
}

interface Visit {
  readonly pointer: string
  readonly seen: ReadonlySet<string>
  readonly found: Map<string, unknown>
}

function collect(node: unknown, { pointer, seen, found }: Visit): void {
  if (Array.isArray(node)) {
    node.forEach((item, index) => collect(item, { pointer: `${pointer}/${index}`, seen, found }))
    return
  }
  if (!isObject(node)) return
  const ref = node['$ref']
  if (typeof ref === 'string') {
    if (!seen.has(ref)) collect(resolved(ref), { pointer: ref, seen: new Set([...seen, ref]), found })
    return
  }
  for (const [key, child] of Object.entries(node)) {
    const below = `${pointer}/${escaped(key)}`
    if (key === 'example' || key === 'examples') found.set(below, child)
    else if (key === 'properties') collectNamed(child, { pointer: below, seen, found })
    else collect(child, { pointer: below, seen, found })
  }
}

function collectNamed(properties: unknown, { pointer, seen, found }: Visit): void {
  for (const [name, schema] of Object.entries(properties as Record<string, unknown>)) {
    collect(schema, { pointer: `${pointer}/${escaped(name)}`, seen, found })
  }
}

function collectSamples(operation: Record<string, unknown>, pointer: string, found: Map<string, unknown>): void {
  const samples = (operation['x-codeSamples'] ?? []) as { lang: string; source: string }[]
  samples.forEach(({ lang, source }, index) => {
    if (lang === 'json') found.set(`${pointer}/x-codeSamples/${index}`, JSON.parse(source))
  })
}

function trackExamples(): Map<string, unknown> {
  const found = new Map<string, unknown>()
  for (const [path, methods] of Object.entries(track.paths)) {
    const place = `#/paths/${escaped(path)}`
    collect(methods['parameters'], { pointer: `${place}/parameters`, seen: new Set(), found })
    for (const [method, operation] of Object.entries(methods)) {
      if (!isObject(operation)) continue
      const pointer = `${place}/${method}`
      for (const part of ['parameters', 'requestBody']) {
        collect(operation[part], { pointer: `${pointer}/${part}`, seen: new Set(), found })
      }
      collectSamples(operation, pointer, found)
    }
  }
  return found
}

function holds(call: unknown, example: unknown): boolean {
  if (JSON.stringify(call) === JSON.stringify(example)) return true
  if (typeof call === 'string') return call.includes(`/${String(example)}`)
  return typeof call === 'object' && call !== null && Object.values(call).some((part) => holds(part, example))
}

const examples = trackExamples()
const rows = fixtureRows.filter(({ file }) => file === 'openapi-examples.json')

test('the walk finds the examples of every kind of place', () => {
  const pointers = [...examples.keys()]
  expect(pointers.length).toBeGreaterThanOrEqual(75)
  for (const place of [
    '/requestBody/content/application~1json/example',
    '/x-codeSamples/',
    '/oneOf/',
    '/allOf/',
    '/properties/',
    '#/components/parameters/',
  ]) {
    expect(
      pointers.some((pointer) => pointer.includes(place)),
      place,
    ).toBe(true)
  }
})

test.each([...examples])('the example at %s has a fixture that holds it', (pointer, example) => {
  const covering = rows.filter((row) => row.examples.includes(pointer))
  expect(covering.length).toBeGreaterThan(0)
  for (const row of covering) expect(holds(JSON.parse(row.callText), example), row.name).toBe(true)
})

test('no fixture names an example that the file does not have', () => {
  expect(rows.flatMap((row) => row.examples).filter((pointer) => !examples.has(pointer))).toStrictEqual([])
})
