import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createBlockCutter, type Block, type TooLongLine } from '../../../src/cli/translate/blocks.ts'
import { createLineSplitter } from '../../../src/cli/lines.ts'

const shown = (blocks: readonly (Block | TooLongLine)[]) =>
  blocks.map((block) =>
    'bytes' in block
      ? [block.firstLine, Buffer.from(block.bytes).toString('latin1')]
      : [block.number, block.tooLongBytes],
  )

function cut(chunks: readonly string[], limits: { blockBytes: number; maxBytesALine: number }) {
  const cutter = createBlockCutter(limits)
  return shown([...chunks.flatMap((chunk) => cutter.push(Buffer.from(chunk))), ...cutter.end()])
}

describe('the block cutter', () => {
  test.each<[promise: string, chunks: readonly string[], blocks: readonly (readonly [number, string | number])[]]>([
    [
      'ends a block with the line that fills it',
      ['a\nb\nccc\nd\n'],
      [
        [1, 'a\nb\nccc\n'],
        [4, 'd\n'],
      ],
    ],
    ['takes a last line without its end', ['a\nb'], [[1, 'a\nb']]],
    [
      'puts lines together over chunks',
      ['a', 'bcd', 'e\nf', '\n'],
      [
        [1, 'abcde\n'],
        [2, 'f\n'],
      ],
    ],
    [
      'counts blank lines',
      ['\n\n\n\n\n\na'],
      [
        [1, '\n\n\n\n\n'],
        [6, '\na'],
      ],
    ],
    [
      'takes a line that is longer than a block whole',
      ['1234567890\nb'],
      [
        [1, '1234567890\n'],
        [2, 'b'],
      ],
    ],
    [
      'tells a line that is too long between the lines around it',
      ['a\n123456', '78901\nb\n'],
      [
        [1, 'a\n'],
        [2, 11],
        [3, 'b\n'],
      ],
    ],
    [
      'tells a last line that is too long',
      ['a\n123456', '78901'],
      [
        [1, 'a\n'],
        [2, 11],
      ],
    ],
    ['gives nothing for nothing', ['', ''], []],
  ])('%s', (_, chunks, blocks) => {
    expect(cut(chunks, { blockBytes: 5, maxBytesALine: 10 })).toEqual(blocks)
  })

  test('flushes whole lines and keeps the rest', () => {
    const cutter = createBlockCutter({ blockBytes: 100 })
    expect([cutter.hasLines(), shown(cutter.flush())]).toEqual([false, []])
    expect(cutter.push(Buffer.from('a\nb\nc'))).toEqual([])
    expect([cutter.hasLines(), shown(cutter.flush()), cutter.hasLines()]).toEqual([true, [[1, 'a\nb\n']], false])
    expect(shown(cutter.end())).toEqual([[3, 'c']])
  })

  test('gives each block a buffer of its own, no larger than the block', () => {
    const [block] = createBlockCutter({ blockBytes: 2 }).push(Buffer.from('a\nb\n')) as readonly Block[]
    expect(block?.bytes.buffer.byteLength).toBe(2)
  })

  test('gives the lines of the line splitter, however the bytes are cut into chunks and blocks', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'é', ' ', '\r', '\n'), maxLength: 60 })
    const limits = fc.record({
      blockBytes: fc.integer({ min: 1, max: 20 }),
      maxBytesALine: fc.integer({ min: 1, max: 12 }),
    })
    fc.assert(
      fc.property(fc.array(text, { maxLength: 5 }), limits, (chunks, { blockBytes, maxBytesALine }) => {
        const splitter = createLineSplitter(maxBytesALine)
        const lines = [...chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk))), ...splitter.end()]
        const cutter = createBlockCutter({ blockBytes, maxBytesALine })
        const blocks = [...chunks.flatMap((chunk) => cutter.push(Buffer.from(chunk))), ...cutter.end()]
        const linesOfBlocks = blocks.flatMap((block) => {
          if ('tooLongBytes' in block) return [block]
          const inner = createLineSplitter()
          return [...inner.push(Buffer.from(block.bytes)), ...inner.end()].map((line) => ({
            ...line,
            number: block.firstLine + line.number - 1,
          }))
        })
        expect(linesOfBlocks).toEqual(lines)
      }),
    )
  })
})
