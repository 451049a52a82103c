import { expect, test } from 'vitest'
import { exitCodeOf, failureText } from '../../src/cli/failure.ts'
import { errorCodes, TrackbridgeError, type ErrorCode } from '../../src/errors.ts'

const codes = Object.keys(errorCodes) as ErrorCode[]

test.each(codes)('%s ends the process with 2 when it refuses to begin, else with 1', (code) => {
  expect(exitCodeOf(new TrackbridgeError(code, 'text'))).toBe(errorCodes[code].reaction === 'refuse' ? 2 : 1)
})

test('an error of no code ends the process with 1', () => {
  expect([exitCodeOf(new Error('text')), exitCodeOf('text')]).toEqual([1, 1])
})

test('an error is told in one clean message, without its stack', () => {
  const hint = '\n  run it again with --log-level debug for the stack'
  const texts = [
    new TrackbridgeError('TB_USAGE', 'text'),
    new TrackbridgeError('TB_BUG', 'text'),
    new Error('text'),
    'text',
  ]
  expect(texts.map((error) => failureText(error, { debug: false }))).toEqual([
    'error TB_USAGE: text',
    `error TB_BUG: text${hint}`,
    `error: text${hint}`,
    `error: text${hint}`,
  ])
})

test('an error is told with its stack and its causes for debugging', () => {
  const cause = Object.assign(new Error('below'), { stack: 'Error: below\n    at low (file.ts:1:1)' })
  const error = new TrackbridgeError('TB_USAGE', 'text', { cause })
  error.stack = 'TrackbridgeError: text\n    at high (file.ts:2:2)'
  expect(failureText(error, { debug: true }).split('\n')).toEqual([
    'error TB_USAGE: text',
    '    at high (file.ts:2:2)',
    '  caused by Error: below',
    '    at low (file.ts:1:1)',
  ])
})
