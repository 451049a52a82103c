import { expect, test } from 'vitest'
import { createFaultRules } from './fault-rules.ts'
import { apiKeys, type ApiName } from './kafka-frames.ts'

const head = (api: ApiName, clientId = 'leg-1') => ({ apiKey: apiKeys[api], apiVersion: 1, correlationId: 7, clientId })

test('a rule strikes the request it counts to, once', () => {
  const rules = createFaultRules()
  const armed = rules.arm({ api: 'EndTxn', nth: 2, action: 'cut-after' })
  expect(rules.match(head('EndTxn'))).toBe(undefined)
  expect(rules.match(head('Produce'))).toBe(undefined)
  expect(armed.hasStruck()).toBe(false)
  expect(rules.match(head('EndTxn'))).toEqual({ api: 'EndTxn', nth: 2, action: 'cut-after' })
  expect(armed.hasStruck()).toBe(true)
  expect(rules.match(head('EndTxn'))).toBe(undefined)
  expect([rules.seen('EndTxn'), rules.seen('Produce'), rules.seen('Fetch')]).toEqual([3, 1, 0])
})

test("a rule for one client lets the others' requests pass uncounted", () => {
  const rules = createFaultRules()
  const armed = rules.arm({ api: 'Produce', clientId: 'leg-2', action: 'hold' })
  expect(rules.match(head('Produce', 'leg-1'))).toBe(undefined)
  expect(rules.match(head('Produce', 'leg-2'))).toBe(armed.rule)
})

test('a rule that is taken back strikes nothing', () => {
  const rules = createFaultRules()
  const armed = rules.arm({ api: 'Produce', action: 'hold' })
  armed.disarm()
  expect(rules.match(head('Produce'))).toBe(undefined)
  expect(armed.hasStruck()).toBe(false)
})

test('of two rules for the same request one strikes it and the other the next', () => {
  const rules = createFaultRules()
  const [first, second] = [
    rules.arm({ api: 'Fetch', action: 'hold' }),
    rules.arm({ api: 'Fetch', action: 'cut-after' }),
  ]
  expect([rules.match(head('Fetch')), rules.match(head('Fetch'))]).toEqual([first.rule, second.rule])
})

test('a rule for large answers waits for one', () => {
  const rules = createFaultRules()
  const armed = rules.arm({ api: 'Fetch', action: 'cut-after', minAnswerBytes: 100 })
  expect([rules.match(head('Fetch')), rules.matchAnswer(head('Fetch'), 99)]).toEqual([undefined, undefined])
  expect(rules.matchAnswer(head('Produce'), 100)).toBe(undefined)
  expect([rules.matchAnswer(head('Fetch'), 100), armed.hasStruck()]).toEqual([armed.rule, true])
})
