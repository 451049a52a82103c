import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLineSplitter } from '../../src/cli/lines.ts'

function split(chunks: readonly (string | Buffer)[], maxBytes?: number) {
  const splitter = createLineSplitter(maxBytes)
  const lines = [...chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk))), ...splitter.end()]
  return lines.map((line) =>
    'bytes' in line ? [line.number, line.bytes.toString('latin1')] : [line.number, line.tooLongBytes],
  )
}

describe('the line splitter', () => {
  test.each<[promise: string, chunks: readonly string[], lines: readonly (readonly [number, string | number])[]]>([
    [
      'numbers lines from 1',
      ['a\nb\n'],
      [
        [1, 'a'],
        [2, 'b'],
      ],
    ],
    [
      'takes a last line without its end',
      ['a\nb'],
      [
        [1, 'a'],
        [2, 'b'],
      ],
    ],
    [
      'puts lines together over chunks',
      ['a', 'b', '\nc', '\n', 'd'],
      [
        [1, 'ab'],
        [2, 'c'],
        [3, 'd'],
      ],
    ],
    [
      'counts blank lines and leaves them out',
      ['\n \t\r\na\n\n\nb\n'],
      [
        [3, 'a'],
        [6, 'b'],
      ],
    ],
    [
      'takes CR LF, also over two chunks',
      ['a\r\nb\r', '\nc\r'],
      [
        [1, 'a'],
        [2, 'b'],
        [3, 'c'],
      ],
    ],
    ['keeps a CR within a line', ['a\rb\n'], [[1, 'a\rb']]],
    ['keeps blanks around a call', [' a \n'], [[1, ' a ']]],
    ['gives nothing for nothing', [], []],
    ['gives nothing for an empty chunk', [''], []],
    [
      'tells a line that is too long, and the length of it',
      ['1234567890\n12345678901\nok\n', '12345', '67890ab'],
      [
        [1, '1234567890'],
        [2, 11],
        [3, 'ok'],
        [4, 12],
      ],
    ],
  ])('%s', (_, chunks, lines) => {
    expect(split(chunks, 10)).toEqual(lines)
  })

  test('drops a byte order mark at the beginning, and only there', () => {
    const mark = Buffer.from([0xef, 0xbb, 0xbf])
    const chunks = [mark.subarray(0, 1), mark.subarray(1), 'a\n', mark, 'b\n']
    expect(split(chunks)).toEqual([
      [1, 'a'],
      [2, '\u00EF\u00BB\u00BFb'],
    ])
    expect(split([mark, '\n', 'a'])).toEqual([[2, 'a']])
  })

  test('gives the same lines however the bytes are cut into chunks', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'é', ' ', '\r', '\n'), maxLength: 60 })
    fc.assert(
      fc.property(text, fc.array(fc.nat(20)), fc.integer({ min: 1, max: 12 }), (whole, sizes, maxBytes) => {
        let rest = Buffer.from(whole)
        const chunks: Buffer[] = []
        for (const size of sizes) {
          chunks.push(rest.subarray(0, size))
          rest = rest.subarray(size)
        }
        expect(split([...chunks, rest], maxBytes)).toEqual(split([whole], maxBytes))
      }),
    )
  })
})
