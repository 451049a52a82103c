import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const pureFiles = [
  ...globSync('src/{translate,records}/**/*.ts'),
  ...['json', 'errors', 'processor/topology', 'processor/routing'].map((name) => `src/${name}.ts`),
  ...['batch', 'outgoing', 'verdict', 'backoff', 'committable', 'token-bucket'].map((name) => `src/sink/${name}.ts`),
]

test('pure files read no clock and no randomness', () => {
  const impure = /new Date\(\s*\)|Date\.now|Math\.random|performance\.now|randomBytes|randomUUID/
  expect(pureFiles.length).toBeGreaterThan(20)
  expect(pureFiles.filter((path) => impure.test(readFileSync(path, 'utf8')))).toStrictEqual([])
})

test.each([
  ['process.env', /process\.env/, ['src/config/load.ts']],
  ['process.exit', /process\.exit\(/, ['src/main.ts']],
  ['console', /console\./, []],
  ['Date.now', /Date\.now\(/, ['src/clock.ts']],
])('%s stands in its one place only', (_name, pattern, allowed) => {
  const found = globSync('src/**/*.ts').filter((path) => pattern.test(readFileSync(path, 'utf8')))
  expect(found.filter((path) => !(allowed as readonly string[]).includes(path))).toStrictEqual([])
})
