import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { expect, test } from 'vitest'
import { deviations, keywordDeviations, type Deviation } from '../fixtures/openapi/deviations.ts'
import { fixtureRows, isObject, messagesOf, printedLine } from './fixture-rows.ts'

type Message = Record<string, unknown>
type Where = Deviation['where']

interface Pipelines {
  paths: Record<string, { post: { requestBody: { content: { 'application/json': { schema: { $ref: string } } } } } }>
}

const official = JSON.parse(
  readFileSync(new URL('../fixtures/openapi/pipelines-openapi.json', import.meta.url), 'utf8'),
) as Pipelines

function readAs(node: unknown, keywords: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(node)) return node.map((item) => readAs(item, keywords))
  if (!isObject(node)) return node
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [keywords.get(key) ?? key, readAs(value, keywords)]),
  )
}

function validatorsOf(file: object) {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema(file, 'pipelines')
  return Object.fromEntries(
    Object.entries(official.paths).map(([path, { post }]) => {
      const { $ref } = post.requestBody.content['application/json'].schema
      return [path.slice(1), ajv.compile({ $ref: `pipelines${$ref}` })]
    }),
  )
}

const keywords = new Map<string, string>(keywordDeviations.map(({ keyword, readAs: other }) => [keyword, other]))
const asWritten = validatorsOf(official)
const asRead = validatorsOf(readAs(official, keywords) as object)

const messages: readonly Message[] = fixtureRows.flatMap(({ callText, settings }) =>
  messagesOf(JSON.parse(printedLine(callText, settings))),
)

function faults(message: Message, where: Where, validators = asRead): string[] {
  const validate = validators[where === 'batch' ? 'batch' : String(message['type'])]
  if (validate === undefined) return [`no endpoint for ${String(message['type'])}`]
  const body = where === 'batch' ? { batch: [message] } : message
  return validate(body)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message: text }) => `${instancePath} ${text}`)
}

function mended(message: Message, where: Where, besides?: Deviation): Message {
  const applying = deviations.filter((one) => one !== besides && one.where === where && one.applies(message))
  return applying.reduce<Message>((mending, one) => one.mended(mending), message)
}

test('the fixtures give messages of all six types', () => {
  expect([...new Set(messages.map(({ type }) => String(type)))].toSorted((a, b) => a.localeCompare(b))).toStrictEqual([
    'alias',
    'group',
    'identify',
    'page',
    'screen',
    'track',
  ])
})

test.each(['endpoint', 'batch'] as const)('every message of every fixture is valid Pipelines (%s)', (where) => {
  const wrong = messages.flatMap((message) => {
    const found = faults(mended(message, where), where)
    return found.length === 0 ? [] : [{ message, found }]
  })
  expect(wrong).toStrictEqual([])
})

test.each(deviations.map((one) => [one.name, one] as const))('the deviation "%s" still occurs', (_name, deviation) => {
  const { where, applies } = deviation
  const occurring = messages.filter(
    (message) => applies(message) && faults(mended(message, where, deviation), where).length > 0,
  )
  expect(occurring.length).toBeGreaterThan(0)
})

test.each(keywordDeviations)('reading $keyword as $readAs is still needed', () => {
  const refused = messages.filter(
    (message) => faults(message, 'endpoint', asWritten).length > 0 && faults(message, 'endpoint').length === 0,
  )
  expect(refused.length).toBeGreaterThan(0)
})

test('a message that is not Pipelines is refused by the schemas', () => {
  const track = { type: 'track', event: 'x', userId: 'u', messageId: 'm', timestamp: '2023-08-24T14:15:22.000Z' }
  expect(faults(track, 'endpoint')).toStrictEqual([])
  for (const change of [
    { userId: 5 },
    { event: 5 },
    { type: 'page' },
    { timestamp: 'yesterday' },
    { properties: [] },
  ]) {
    expect(
      faults({ ...track, ...change, type: 'track', ...(change.type ? { event: undefined } : {}) }, 'endpoint'),
    ).not.toStrictEqual([])
  }
})
