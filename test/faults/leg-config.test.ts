import { expect, test } from 'vitest'
import { baseConfig, changed } from '../../faults/leg-config.ts'

test.each<[string, object, object]>([
  ['keys of a section are merged', { kafka: { prefix: 'b' } }, { kafka: { brokers: ['a'], prefix: 'b' }, list: [1] }],
  ['a list is put in the place of the other', { list: [2] }, { kafka: { brokers: ['a'] }, list: [2] }],
  ['a new section is added', { http: false }, { kafka: { brokers: ['a'] }, list: [1], http: false }],
])('%s', (_name, changes, wanted) => {
  expect(changed({ kafka: { brokers: ['a'] }, list: [1] }, { ...changes })).toEqual(wanted)
})

test('a leg dials the proxies under its own name', () => {
  expect(baseConfig({ proxied: ['127.0.0.1:9'] }, 'leg-1', 'kill')['kafka']).toEqual({
    brokers: ['127.0.0.1:9'],
    clientId: 'leg-1',
    prefix: 'kill',
    sessionTimeoutMs: 6_000,
    transactionTimeoutMs: 10_000,
    connectionTimeoutMs: 2_000,
    requestTimeoutMs: 5_000,
  })
})
