import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Ajv } from 'ajv'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { parseConfig } from '../../src/config/load.ts'
import { blocksOf, commandPages, runBlock } from '../support/doc-blocks.ts'

const blocks = commandPages.flatMap(blocksOf)
const commands = blocks.filter(({ language }) => language === 'sh')

test('every block of commands is run by a test, or says why not', () => {
  expect(commands.filter(({ mark }) => !/^(run|run with kafka|not run: .{10,})$/.test(mark))).toStrictEqual([])
  expect(Object.keys(Object.groupBy(commands, ({ mark }) => mark.split(':')[0] ?? '')).toSorted()).toStrictEqual([
    'not run',
    'run',
    'run with kafka',
  ])
})

test.each(commands.filter(({ mark }) => mark === 'run'))('$page: the commands end well: $text', (block) => {
  const { code, stdout, stderr } = runBlock(block)
  expect([code, stderr]).toStrictEqual([0, ''])
  if (!block.text.includes('> messages.ndjson')) expect(stdout).toContain('translated')
})

test('a command that fails is noticed', () => {
  const block = { page: '', language: 'sh', mark: 'run', text: 'npx trackbridge translate none.ndjson\ntrue\n' }
  expect(runBlock(block).code).toBe(2)
})

const yamls = blocks.filter(({ language }) => language === 'yaml')
const minimal = {
  kafka: { brokers: 'kafka:9092' },
  destinations: [{ name: 'customerio', sink: { apiKey: 'key' } }],
}

/** A folder with every file that a configuration names. */
function folderFor(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'trackbridge-docs-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [, name = ''] of text.matchAll(/\w+File: (\S+)/g)) {
    mkdirSync(join(folder, dirname(name)), { recursive: true })
    writeFileSync(join(folder, name), 'text')
  }
  return folder
}

test.each(yamls)('$page: the configuration is valid: $text', ({ text }) => {
  const document = parse(text) as Record<string, unknown>
  const isOfChart = 'image' in document
  if (isOfChart) {
    const schema = JSON.parse(readFileSync('deploy/helm/trackbridge/values.schema.json', 'utf8')) as object
    expect(new Ajv({ strict: false }).validate(schema, document)).toBe(true)
  }
  const config = { ...minimal, ...(isOfChart ? (document['config'] as object) : document) }
  const env = { KAFKA_BROKERS: 'kafka:9092', CIO_API_KEY: 'key', KAFKA_PASSWORD: 'password' }
  const path = join(folderFor(text), 'trackbridge.yaml')
  expect(parseConfig(JSON.stringify(config), { path, env }).destinations[0]?.name).toBe('customerio')
})
