import { describe, expect, test } from 'vitest'
import { mendingOf } from '../../../src/cli/explain/mending.ts'
import { decodeJsonText } from '../../../src/json.ts'
import { translate } from '../../../src/translate/translate.ts'
import { fixtureRows, origin } from '../../translate/fixture-rows.ts'

const customer = (body: unknown) => ({ method: 'POST', path: '/api/v1/customers/1/events', body })

function mendingOfRecord(record: unknown) {
  const [outcome] = translate(record, origin).operations
  return outcome?.outcome === 'invalid' ? mendingOf(outcome, record) : undefined
}

const httpHint =
  'a raw record is an HTTP call as in {"method":"PUT","path":"/api/v1/customers/42","body":{"plan":"pro"}}, or a v2 entity or batch'
const timeHint = 'write Unix seconds (1692886462) or ISO 8601 ("2023-08-24T14:14:22Z"), or leave it out'
const personHint = 'a person is named as in {"id":"42"}, {"email":"a@example.com"} or {"cio_id":"a3000001"}'

describe('mendingOf', () => {
  test.each([
    [
      'a blank name',
      customer({ name: ' ' }),
      { found: '" "', allowed: 'body.name must be a string that is not blank', hint: null },
    ],
    [
      'no name',
      customer({}),
      { found: 'nothing', allowed: 'body.name must be a string that is not blank', hint: null },
    ],
    [
      'a time in a body that is text',
      customer('{"name":"a","timestamp":"soon, found late"}'),
      {
        found: '"soon, found late"',
        allowed: 'body.timestamp must be Unix seconds or an ISO 8601 time between 1970 and 9999',
        hint: timeHint,
      },
    ],
    [
      'an id in a batch',
      { batch: [{}, { type: 'person', action: 'delete', identifiers: { id: [1] } }].slice(1) },
      { found: '[1]', allowed: 'batch[0].identifiers.id must be a non-empty string or a number', hint: personHint },
    ],
    ['an array for a record', [1], { found: '[1]', allowed: 'record must be an object', hint: httpHint }],
    [
      'no method and no path',
      { a: 1 },
      {
        found: 'nothing',
        allowed: 'path is missing: a raw record has method and path, or is a v2 entity or batch',
        hint: httpHint,
      },
    ],
    [
      'a body that is broken text',
      customer('{'),
      {
        found: '"{"',
        allowed: "body is not JSON: Expected property name or '}' in JSON at position 1 (line 1 column 2)",
        hint: 'a body is a JSON object or its text; without one, leave it out',
      },
    ],
  ])('says what was found, what is allowed and how it is written: %s', (_, record, mending) => {
    expect(mendingOfRecord(record)).toEqual(mending)
  })

  test('cuts what is long', () => {
    expect(mendingOfRecord(customer({ name: ['x'.repeat(1000)] }))?.found).toBe(`an array: ["${'x'.repeat(158)}...`)
  })

  test("does not take keys of every object for the call's own", () => {
    expect(mendingOf({ outcome: 'invalid', field: 'body.constructor', reason: 'must be' }, { body: {} }).found).toBe(
      'nothing',
    )
  })

  test('finds nothing in a record that is no JSON', () => {
    expect(mendingOf({ outcome: 'invalid', field: 'record', reason: 'is not valid UTF-8' }, undefined)).toEqual({
      found: null,
      allowed: 'record is not valid UTF-8',
      hint: 'write the file as UTF-8',
    })
  })

  test('has something to say of every invalid call of the fixtures', () => {
    const mendings = fixtureRows.flatMap(({ callText }) => {
      const decoded = decodeJsonText(callText)
      const mending = decoded.ok ? mendingOfRecord(decoded.value) : undefined
      return mending === undefined ? [] : [mending]
    })
    expect(mendings.length).toBeGreaterThan(50)
    for (const { found, allowed } of mendings) {
      expect(found).not.toBe(null)
      expect(allowed).not.toContain(', found ')
    }
  })
})
