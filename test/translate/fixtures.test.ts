import { describe, expect, test } from 'vitest'
import {
  comparable,
  fixtureFiles,
  fixtureRows,
  isObject,
  messagesOf,
  printedLine,
  withPlaceholders,
} from './fixture-rows.ts'

const rowsOf = (file: string) => fixtureRows.filter((row) => row.file === file).map((row) => [row.name, row] as const)

describe.each(fixtureFiles)('%s', (file) => {
  test.each(rowsOf(file))('%s', (_name, { callText, expected, settings }) => {
    const actual = comparable(printedLine(callText, settings))
    expect(withPlaceholders(expected, actual)).toStrictEqual(expected)
  })
})

test('no two rows of a file share a name', () => {
  const names = fixtureRows.map(({ file, name }) => `${file}: ${name}`)
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toStrictEqual([])
})

test('every fixture gives the same bytes when it is translated again', () => {
  for (const { callText, settings } of fixtureRows) {
    expect(printedLine(callText, settings)).toBe(printedLine(callText, settings))
  }
})

test('the derived messageIds of a call are all different', () => {
  for (const { callText, expected, settings, name } of fixtureRows) {
    const derived = messagesOf(expected).map(({ messageId }) => messageId === '<ulid>')
    const ids = messagesOf(comparable(printedLine(callText, settings))).map(({ messageId }) => messageId)
    const derivedIds = ids.filter((_id, index) => derived[index])
    expect(new Set(derivedIds).size, name).toBe(derivedIds.length)
  }
})

test('the messages of a batch are those of its operations, in order', () => {
  for (const { callText, settings, name } of fixtureRows) {
    const line = comparable(printedLine(callText, settings))
    if (!isObject(line) || !Array.isArray(line['operations'])) continue
    expect(line['operations'].flatMap(messagesOf), name).toStrictEqual(messagesOf(line))
  }
})
