import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLineWriter } from '../../../src/cli/translate/line-writer.ts'

function written(lines: readonly string[], bytes: number): Uint8Array[] {
  const writer = createLineWriter(bytes)
  const pieces: Uint8Array[] = []
  for (const line of lines.map((text) => Buffer.from(text))) {
    if (!writer.hasRoom(line)) pieces.push(writer.take())
    writer.add(line)
  }
  return writer.isEmpty() ? pieces : [...pieces, writer.take()]
}

test('lines stand in UTF-8, each with its line feed, in pieces no longer than allowed but for a longer line', () => {
  expect(written(['a', 'é', 'x'.repeat(20), '😀'], 10).map((piece) => Buffer.from(piece).toString())).toEqual([
    'a\né\n',
    `${'x'.repeat(20)}\n`,
    '😀\n',
  ])
  expect(written(['a', 'b', 'c', 'd', 'e', 'f'], 10).map((piece) => piece.length)).toEqual([10, 2])
})

test('nothing is lost or cut, whatever the lines and the size of a piece', () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 30 })
  fc.assert(
    fc.property(fc.array(line), fc.integer({ min: 1, max: 50 }), (lines, bytes) => {
      const pieces = written(lines, bytes)
      expect(Buffer.concat(pieces).toString()).toBe(lines.map((one) => `${one}\n`).join(''))
      expect(new Set(pieces.map(({ buffer }) => buffer)).size).toBe(pieces.length)
    }),
  )
})
