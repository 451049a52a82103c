import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { generatedPages } from '../../scripts/generate-pages.ts'
import { remedies } from '../../scripts/pages/errors-page.ts'
import { configKeys } from '../../src/config/json-schema.ts'
import { errorCodes } from '../../src/errors.ts'
import { mappingTable } from '../../src/translate/mapping-table.ts'

const pages = await generatedPages()

test.each([...pages])('%s is what the code makes of it; else run node scripts/generate-pages.ts', (path, text) => {
  expect(readFileSync(path, 'utf8')).toBe(text)
})

test('the configuration reference has every key, with a meaning', () => {
  const rows = [...(pages.get('docs/configuration.md') ?? '').matchAll(/^\| `([^`]+)` +\| +([^|]*?) +\|/gm)]
  const headings = configKeys()
    .map(({ path }) => path)
    .filter((path) => /^\w+$/.test(path) && configKeys().some((key) => /^[.[]/.test(key.path.replace(path, ''))))
  expect(rows.map(([, path = '']) => path).toSorted()).toStrictEqual(
    configKeys()
      .map(({ path }) => path)
      .filter((path) => !headings.includes(path))
      .toSorted(),
  )
  expect(rows.filter(([, , meaning]) => meaning === '').map(([, path]) => path)).toStrictEqual([])
})

test('the error codes say what to do, each one', () => {
  const codes = Object.keys(errorCodes)
  expect(codes.filter((code) => (remedies[code] ?? '') === '')).toStrictEqual([])
  expect(Object.keys(remedies).filter((code) => !codes.includes(code))).toStrictEqual([])
})

test('the mapping reference has every row of the table, with a call and a message', () => {
  const text = pages.get('docs/mapping.md') ?? ''
  const sections = text.split('\n### ').slice(1)
  expect(sections.map((section) => section.split('\n')[0])).toStrictEqual(Object.keys(mappingTable))
  expect(sections.filter((section) => !/```json[^]*becomes[^]*```json/.test(section))).toStrictEqual([])
  expect(text.split('## Unsupported')[1]?.match(/^\| (?!Reason|-).+\|$/gm)?.length).toBeGreaterThan(6)
})

const texts = globSync('docs/*.md').map((path) => [path, readFileSync(path, 'utf8')] as const)
const slugsOf = (text: string): readonly string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  )

test.each(texts)('%s links only to headings and files that exist', (path, text) => {
  const prose = text.replaceAll(/```[^]*?```/g, '').replaceAll(/`[^`]*`/g, '')
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  const broken = links.filter((target) => {
    const [file = '', heading] = target.split('#')
    const full = file === '' ? path : join(dirname(path), file)
    if (/^https?:/.test(target)) return false
    if (!existsSync(full)) return true
    return heading !== undefined && !slugsOf(readFileSync(full, 'utf8')).includes(heading)
  })
  expect(broken).toStrictEqual([])
})

const nowhere = /\b(?:gcr\.io|ghcr\.io|quay\.io|docker\.io|registry\.npmjs)\b/

test.each([
  ...texts,
  ...globSync('deploy/**/*.{yaml,yml,tpl,txt,service}').map((path) => [path, readFileSync(path, 'utf8')] as const),
])('%s names no registry', (_path, text) => {
  expect(text).not.toMatch(nowhere)
})
