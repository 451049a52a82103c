import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readSecret, secretSource } from '../../src/config/secret.ts'

const directory = mkdtempSync(join(tmpdir(), 'trackbridge-secret-'))
afterAll(() => rmSync(directory, { recursive: true }))

let second = 1_000_000
const write = (path: string, text: string): void => {
  writeFileSync(path, text)
  second += 1
  utimesSync(path, second, second)
}

test('a secret in the configuration is read as it is', () => {
  expect(readSecret({ value: 'sk ' })()).toBe('sk ')
})

test('a secret file is read without its line break, and again when it has changed', () => {
  const file = join(directory, 'rotated.txt')
  write(file, 'one\n')
  const read = readSecret({ file })
  const before = read()
  write(file, 'two\r\n')
  expect([before, read(), read()]).toEqual(['one', 'two', 'two'])
})

test('a secret file of the same time and size is not read again', () => {
  const file = join(directory, 'same.txt')
  write(file, 'one')
  const read = readSecret({ file })
  read()
  writeFileSync(file, 'two')
  utimesSync(file, second, second)
  expect(read()).toBe('one')
})

test('a secret file that vanishes or becomes empty leaves the last text in force', () => {
  const file = join(directory, 'gone.txt')
  write(file, 'one')
  const read = readSecret({ file })
  read()
  write(file, '')
  const whileEmpty = read()
  rmSync(file)
  expect([whileEmpty, read()]).toEqual(['one', 'one'])
})

test('a secret file that never held anything is a fault that names it', () => {
  const file = join(directory, 'none.txt')
  expect(() => readSecret({ file })()).toThrow(`secret file ${file}: does not exist`)
  write(file, '\n')
  expect(() => readSecret({ file })()).toThrow(`secret file ${file}: is empty`)
})

test('a secret has a source when its text or its file is configured', () => {
  expect([secretSource('k', undefined), secretSource(undefined, '/f'), secretSource(undefined, undefined)]).toEqual([
    { value: 'k' },
    { file: '/f' },
    undefined,
  ])
})
