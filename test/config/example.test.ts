import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { expect, test } from 'vitest'
import { configKeys } from '../../src/config/json-schema.ts'
import { parseConfig } from '../../src/config/load.ts'

const file = new URL('../../trackbridge.example.yaml', import.meta.url)
const text = readFileSync(file, 'utf8')

interface ShownKey {
  readonly path: string
  readonly value: string
  readonly hasComment: boolean
}

const keyLine = /^(?<indent>\s*)(?<comment>#(?: {2})*)?(?<item>- )?(?<key>\w+):(?: (?<value>.*))?$/
const isProse = (line: string) => /^\s*#/.test(line) && !keyLine.test(line)

interface KeyLine {
  readonly depth: number
  readonly key: string
  readonly value: string
  readonly hasComment: boolean
}

const keyLines: readonly KeyLine[] = text.split('\n').flatMap((line, index, lines) => {
  if (!keyLine.test(line)) return []
  const { indent = '', comment = '#', item = '', key = '', value = '' } = keyLine.exec(line)?.groups ?? {}
  const depth = indent.length + comment.length - 1 + item.length
  return [{ depth, key, value, hasComment: isProse(lines[index - 1] ?? '') }]
})

function shownKeys(): readonly ShownKey[] {
  const parents: { depth: number; path: string }[] = []
  return keyLines.map(({ depth, key, value, hasComment }) => {
    while ((parents.at(-1)?.depth ?? -1) >= depth) parents.pop()
    const parent = parents.at(-1)?.path ?? ''
    const path = `${parent}${parent === 'destinations' ? '[]' : ''}.${key}`.replace(/^\./, '')
    parents.push({ depth, path })
    return { path, value, hasComment }
  })
}

const freeKeys = /^destinations\[\]\.integrations\./
const firstShown = new Map(
  shownKeys()
    .toReversed()
    .map((key) => [key.path, key]),
)

test('the example names every key of the configuration and no other', () => {
  const shown = [...firstShown.keys()].filter((path) => !freeKeys.test(path))
  expect(shown.sort()).toEqual(
    configKeys()
      .map(({ path }) => path)
      .sort(),
  )
})

test('the example explains every key in the line before it', () => {
  const bare = shownKeys().filter(({ hasComment }) => !hasComment)
  const unexplained = [...firstShown.values()].filter((key) => bare.includes(key) && !freeKeys.test(key.path))
  expect(unexplained.map(({ path }) => path)).toEqual([])
})

test('the example shows the default wherever there is one', () => {
  const scalars = configKeys().filter(({ node }) => node.default !== undefined && typeof node.default !== 'object')
  const shown = scalars.map(({ path }) => [path, parse(firstShown.get(path)?.value ?? '')] as const)
  const mappings = ['http']
  const expected = scalars.map(({ path, node }) => [path, node.default] as const)
  expect(shown.filter(([path]) => !mappings.includes(path))).toEqual(
    expected.filter(([path]) => !mappings.includes(path)),
  )
  expect(shown.length).toBeGreaterThan(30)
})

test('the example loads, and keys that show their default change nothing', () => {
  const env = { KAFKA_BROKERS: 'a:9092,b:9092', CIO_API_KEY: 'k' }
  const minimal = {
    kafka: { brokers: 'a:9092,b:9092' },
    destinations: [
      { name: 'customerio', sink: { apiKey: 'k' } },
      {
        name: 'warehouse',
        where: { sources: ['shop'], types: ['track'], events: ['Order Completed'] },
        integrations: { All: false, Warehouse: true },
      },
    ],
    http: {},
  }
  const path = '/etc/trackbridge.yaml'
  expect(parseConfig(text, { path, env })).toEqual(parseConfig(JSON.stringify(minimal), { path, env }))
})

test('the example tells editors where its schema is', () => {
  expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=./deploy/trackbridge.schema.json')
})
