import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { describe, expect, test } from 'vitest'
import { configKeys, editorSchema } from '../../src/config/json-schema.ts'
import { parseConfig } from '../../src/config/load.ts'

const root = new URL('../../', import.meta.url)
const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(editorSchema())
const valid = { kafka: { brokers: 'a:1' }, destinations: [{ name: 'one', sink: { apiKey: 'k' } }] }

describe('the JSON Schema for editors', () => {
  test('is the one in deploy/; after a change run: node scripts/generate-schema.ts', () => {
    const written: unknown = JSON.parse(readFileSync(new URL('deploy/trackbridge.schema.json', root), 'utf8'))
    expect(written).toEqual(JSON.parse(JSON.stringify(editorSchema())))
  })

  test('accepts the example before its placeholders are filled in', () => {
    validate(parse(readFileSync(new URL('trackbridge.example.yaml', root), 'utf8')))
    expect(validate.errors).toBeNull()
  })

  test('accepts placeholders for numbers, choices and booleans', () => {
    const text = {
      http: { port: '${PORT}' },
      log: { level: '${LEVEL:-info}' },
      kafka: { brokers: '${B}', ssl: '${TLS}' },
    }
    validate({ ...valid, ...text })
    expect(validate.errors).toBeNull()
  })

  test.each([
    ['an unknown key', { ...valid, colour: 'red' }],
    ['a number out of bounds', { ...valid, http: { port: 65_536 } }],
    ['a text that is no number', { ...valid, http: { port: 'http' } }],
    ['an unknown choice', { ...valid, delivery: 'twice' }],
    ['no destinations', { kafka: { brokers: 'a:1' } }],
    ['an unknown SASL mechanism', { ...valid, kafka: { brokers: 'a:1', sasl: { mechanism: 'gssapi' } } }],
  ])('refuses %s, as loading does', (_, document) => {
    expect(validate(document)).toBe(false)
    expect(() => parseConfig(JSON.stringify(document), { path: '/x', env: {} })).toThrow('fault')
  })
})

test('every key of the configuration has a description', () => {
  const keys = configKeys()
  expect(keys.filter(({ description }) => description === '').map(({ path }) => path)).toEqual([])
  expect(keys.length).toBeGreaterThan(60)
})

test('every duration says its unit in its name and its description', () => {
  const durations = configKeys().filter(({ path }) => path.endsWith('Ms'))
  expect(
    durations.filter(({ description }) => !description.includes('in milliseconds')).map(({ path }) => path),
  ).toEqual([])
  expect(durations.length).toBeGreaterThan(5)
})
