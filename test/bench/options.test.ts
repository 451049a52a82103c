import { expect, test } from 'vitest'
import { readCommandLine } from '../../bench/options.ts'

test('a command line gives the name, the options as numbers and lists, and where to save', () => {
  const args = 'latency --rate 1000,5000 --seconds 20 --only product,copy --json out.json'.split(' ')
  expect(readCommandLine(args)).toStrictEqual({
    name: 'latency',
    files: [],
    options: { seconds: 20, rate: [1000, 5000], only: ['product', 'copy'] },
    json: 'out.json',
  })
})

test('the row on one core is asked for by a switch', () => {
  expect(readCommandLine(['sink', '--pinned']).options).toStrictEqual({ pinned: true })
})

test('what is not given is absent', () => {
  expect(readCommandLine(['compare', 'a.json', 'b.json'])).toStrictEqual({
    name: 'compare',
    files: ['a.json', 'b.json'],
    options: {},
    json: undefined,
  })
  expect(readCommandLine([]).name).toBe('')
})

test.each([
  [['--records', '0'], '--records must be a whole number above 0, found "0"'],
  [['--runs', '1.5'], '--runs must be a whole number above 0, found "1.5"'],
  [['--rate', '1000,fast'], '--rate must be a whole number above 0, found "fast"'],
  [['--rounds', '3'], "Unknown option '--rounds'"],
])('%j is refused and named', (args, message) => {
  expect(() => readCommandLine(['process', ...args])).toThrow(message)
})
