import { describe, expect, test } from 'vitest'
import { calledOperations } from '../../../src/cli/explain/called-operations.ts'
import { decodeJsonText } from '../../../src/json.ts'
import { translate } from '../../../src/translate/translate.ts'
import { fixtureRows, origin } from '../../translate/fixture-rows.ts'

const http = (method: string, path: string, body = {}) => ({ method, path, body })
const names = (record: unknown) => calledOperations(record).operations.map(({ name }) => name)

describe('calledOperations', () => {
  test.each([
    ['person identify', http('PUT', '/api/v1/customers/1')],
    ['person identify', http('PUT', '/api/v1/customers/1', { cio_relationships: 'broken' })],
    ['person delete', http('DELETE', '/v1/customers/1')],
    ['person add_device', http('PUT', '/v1/customers/1/devices')],
    ['person delete_device', http('DELETE', '/v1/customers/1/devices/t')],
    ['person event', http('POST', '/v1/customers/1/events', { name: 'a' })],
    ['person page', http('POST', '/v1/customers/1/events', { name: 'a', type: 'page' })],
    ['person screen', http('POST', '/v1/events', { name: 'a', type: 'screen' })],
    ['person suppress', http('POST', '/v1/customers/1/suppress')],
    ['person merge', http('POST', '/v1/merge_customers')],
    ['delivery event', http('POST', '/v1/metrics')],
    ['delivery event', http('POST', '/v1/push/events')],
    ['person identify', { type: 'person', action: 'identify', identifiers: {} }],
    ['person merge', { type: 'identify', action: 'merge', primary: { id: '1' }, secondary: { id: '2' } }],
    ['object delete', http('POST', '/v2/entity', { type: 'group', action: 'delete', identifiers: { object_id: 'a' } })],
    ['group fly', { type: 'group', action: 'fly' }],
    [undefined, { type: 'group' }],
    [undefined, http('GET', '/auth')],
    [undefined, http('PUT', '/nowhere')],
    [undefined, http('DELETE', '/v1/events')],
    [undefined, null],
  ])('reads %s from %j', (name, record) => {
    expect(names(record)).toEqual([name])
  })

  test('reads every operation of a batch, with its entity', () => {
    const entity = { type: 'person', action: 'delete', identifiers: { id: '1' } }
    const { isBatch, operations } = calledOperations({ batch: [entity, 3] })
    expect([isBatch, operations]).toEqual([
      true,
      [
        { name: 'person delete', entity },
        { name: undefined, entity: 3 },
      ],
    ])
  })

  test.each([[{ batch: [] }], [{ batch: 3 }]])('sees a batch without operations in %j', (record) => {
    const { isBatch, operations } = calledOperations(record)
    expect([isBatch, operations]).toEqual([true, [{ name: undefined }]])
  })

  const decodable = fixtureRows.flatMap(({ file, name, callText }) => {
    const decoded = decodeJsonText(callText)
    return decoded.ok ? [{ title: `${file}: ${name}`, record: decoded.value }] : []
  })

  test('names as many operations as the translation has, and the rows of those that were not split', () => {
    expect(decodable.length).toBeGreaterThan(300)
    for (const { title, record } of decodable) {
      const { operations } = translate(record, origin)
      const called = names(record)
      expect(called.length, title).toBe(operations.length)
      operations.forEach((outcome, index) => {
        if (outcome.outcome !== 'translated') return
        const [first] = outcome.parts
        const isWhole =
          first !== undefined && first.type !== 'relationship' && !called[index]?.endsWith('relationships')
        if (isWhole) expect(called[index], title).toBe(`${first.type} ${first.action}`)
        else expect(called[index], title).toMatch(/^(person|object) \w+$/)
      })
    }
  })
})
