import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { processRecord, type Processed } from '../../src/processor/topology.ts'
import { rawRecord, topologySettings } from '../support/raw-records.ts'

const identify = { type: 'person', action: 'identify', identifiers: { id: '42' }, attributes: { plan: 'pro' } }
const event = { type: 'person', action: 'event', identifiers: { id: '42' }, name: 'seen' }
const byPhone = { ...event, identifiers: { phone: '+1' } }
const faulty = { ...event, identifiers: {} }
const settings = topologySettings()

type Letter = { readonly reason: string; readonly attempt: number; readonly operations?: readonly number[] }
const lettersIn = ({ records }: Processed, topic: string): readonly Letter[] =>
  records.filter((record) => record.topic === topic).map(({ value }) => JSON.parse(String(value)) as Letter)
const messagesIn = ({ records }: Processed): readonly string[] =>
  records.filter(({ topic }) => topic === 'main').map(({ headers }) => String(headers['tb-mid']))

test('a letter names the operations that failed, where others of the batch did not', () => {
  const letterOf = (batch: readonly object[]) => lettersIn(processRecord(rawRecord({ batch }), settings), 'dlq')[0]
  expect(letterOf([identify, faulty, event, faulty])?.operations).toEqual([1, 3])
  expect(letterOf([faulty, faulty])?.operations).toBe(undefined)
  expect(lettersIn(processRecord(rawRecord(faulty), settings), 'dlq')[0]?.operations).toBe(undefined)
})

test('unsupported operations and faulty ones are named each on its topic', () => {
  const processed = processRecord(rawRecord({ batch: [identify, faulty, byPhone] }), settings)
  const operations = ['dlq', 'unsupported'].map((topic) => lettersIn(processed, topic).map((one) => one.operations))
  expect(operations).toEqual([[[1]], [[2]]])
})

test('run again, what failed again is named again, with one attempt more', () => {
  const again = { attempt: 2, operations: [1, 2] }
  const processed = processRecord(rawRecord({ batch: [identify, faulty, event] }), { ...settings, again })
  expect(lettersIn(processed, 'dlq')).toMatchObject([{ attempt: 2, operations: [1] }])
  expect(messagesIn(processed)).toHaveLength(1)
})

test.each([
  [{ batch: [identify] }, 'operations 1 are to be run again, and the call has 1, from 0 on'],
  [{ batch: 7 }, 'batch must be an array, found a number'],
])('operations that are not in the call %j are a letter again', (value, message) => {
  const again = { attempt: 2, operations: [1] }
  expect(lettersIn(processRecord(rawRecord(value), { ...settings, again }), 'dlq')).toMatchObject([
    { reason: 'invalid', message, attempt: 2, operations: [1] },
  ])
})

test('the ids of what is run again by itself are those of no other message of the record', () => {
  const operation = fc.constantFrom(identify, event, faulty)
  fc.assert(
    fc.property(fc.array(operation, { minLength: 1, maxLength: 8 }), (batch) => {
      const first = processRecord(rawRecord({ batch }), settings)
      const { operations } = lettersIn(first, 'dlq')[0] ?? {}
      if (operations === undefined) return
      const mended = batch.map((one) => (one === faulty ? event : one))
      const again = processRecord(rawRecord({ batch: mended }), { ...settings, again: { attempt: 2, operations } })
      const ids = [...messagesIn(first), ...messagesIn(again)]
      expect(ids).toHaveLength(batch.length)
      expect(new Set(ids).size).toBe(batch.length)
      const third = processRecord(rawRecord({ batch: mended }), { ...settings, again: { attempt: 3, operations } })
      expect(messagesIn(third)).toEqual(messagesIn(again))
    }),
  )
})
