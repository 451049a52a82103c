import * as fc from 'fast-check'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { cutTo, fitInto } from '../../../src/cli/status/status-screen.ts'

const red = (text: string): string => `\u001B[31m${text}\u001B[39m`

test.each([
  ['a line that fits stays as it is', 'ready', 5, 'ready'],
  ['one that does not ends with a mark', 'not ready', 5, 'not …'],
  ['colours take no room', red('ready'), 5, red('ready')],
  ['a colour that has begun ends', `${red('not')} ready`, 3, `${red('no')}…`],
  ['in a file nothing is cut', 'x'.repeat(500), Infinity, 'x'.repeat(500)],
])('%s', (_name, line, columns, cut) => {
  expect(cutTo(line, { rows: 24, columns })).toBe(cut)
})

test('a cut line is as wide as the screen at most, and begins as the line does', () => {
  const piece = fc.oneof(fc.stringMatching(/^[a-z ]{0,12}$/), fc.stringMatching(/^[a-z]{1,6}$/).map(red))
  fc.assert(
    fc.property(fc.array(piece), fc.integer({ min: 1, max: 60 }), (pieces, columns) => {
      const line = pieces.join('')
      const shown = stripVTControlCharacters(cutTo(line, { rows: 24, columns }))
      expect(shown.length).toBeLessThanOrEqual(columns)
      expect(stripVTControlCharacters(line).startsWith(shown.replace(/…$/, ''))).toBe(true)
    }),
  )
})

const size = (rows: number, columns = 10) => ({ rows, columns })

test('what comes last gets the room that the others leave, lines that wrap counted', () => {
  const given: number[] = []
  const rest = (left: number): readonly string[] => {
    given.push(left)
    return ['rest']
  }
  expect(fitInto(size(20), ['cause', 'x'.repeat(21)], rest)).toEqual(['cause', 'x'.repeat(21), 'rest'])
  expect(given).toEqual([16])
})

test('what does not fit is left out at the end, and the last line says so', () => {
  const lines = ['1', '2', '3', '4', '5', '6']
  expect(fitInto(size(4, 80), lines, () => ['rest'])).toEqual([
    '1',
    '2',
    '3',
    '… 4 more lines: a larger window shows them, --json as well',
  ])
})
