import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { reasonText, reasonTexts } from '../../src/dead-letters/reasons.ts'

test('the documentation has every reason, in the same words', () => {
  const page = readFileSync('docs/dead-letters.md', 'utf8')
  const [, table = ''] = page.split('\n## Reasons\n')
  const rows = [...(table.split('\n## ')[0] ?? '').matchAll(/^\|(.+)\|$/gm)].map(([, row = '']) =>
    row.split('|').map((cell) => cell.trim()),
  )
  expect(rows.slice(2)).toEqual(
    Object.entries(reasonTexts).map(([reason, { happened, means, todo }]) => [reason, happened, means, todo]),
  )
})

test.each([
  [{ reason: 'rejected', stage: 'sink' }, false, reasonTexts['rejected (sink)']],
  [{ reason: 'form submission', stage: 'process' }, true, reasonTexts.unsupported],
])('%j is in plain words', (letter, isUnsupported, text) => {
  expect(reasonText(letter, isUnsupported)).toEqual(text)
})

test('a reason of another version says so', () => {
  expect(reasonText({ reason: 'constructor', stage: 'process' }, false).happened).toBe(
    'this version of trackbridge does not know the reason',
  )
})
