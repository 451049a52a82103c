import { expect, test } from 'vitest'
import { isStopMessage, toWorkerMessage } from '../../../src/cli/run/worker-messages.ts'
import { noCounts } from '../../../src/processor/counts.ts'

const status = { type: 'status', counts: noCounts, topics: {}, partitions: 3, stuck: 0, notReady: null }

test.each([
  ['a status', status, status],
  [
    'a failure with its code',
    { type: 'failed', code: 'TB_BUG', message: 'no' },
    { type: 'failed', code: 'TB_BUG', message: 'no' },
  ],
  [
    'a failure with a code that is none',
    { type: 'failed', code: 'toString', message: 'no' },
    { type: 'failed', code: null, message: 'no' },
  ],
  ['a status without counts', { type: 'status' }, undefined],
  ['another type', { type: 'stop' }, undefined],
  ['a text', 'status', undefined],
  ['nothing', null, undefined],
])('%s is read as what it is', (_name, value, message) => {
  expect(toWorkerMessage(value)).toEqual(message)
})

test.each([
  ['the word to stop', { type: 'stop' }, true],
  ['another word', { type: 'status' }, false],
  ['nothing', null, false],
])('%s is told from others', (_name, value, isStop) => {
  expect(isStopMessage(value)).toBe(isStop)
})
