import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLanes } from '../../src/sink/lanes.ts'

const call = (...lanes: readonly string[]) => ({ lanes })

test('a person whose call is in flight waits, others go', () => {
  const lanes = createLanes()
  const [ann, bob] = [call('ann'), call('bob')]
  lanes.enter([ann])
  expect([...lanes.free([call('ann'), bob])]).toEqual([bob])
  lanes.leave([ann])
  expect([...lanes.free([call('ann'), bob])]).toEqual([call('ann'), bob])
})

test('several calls of a person go together, and hold the lane until the last has left', () => {
  const lanes = createLanes()
  const both = [call('ann'), call('ann')]
  expect([...lanes.free(both)]).toEqual(both)
  lanes.enter(both)
  lanes.leave([call('ann')])
  expect([...lanes.free([call('ann')])]).toEqual([])
})

test('an alias is a barrier for both of its ids, and what it waits for holds up whatever is behind it', () => {
  const lanes = createLanes()
  lanes.enter([call('anon')])
  const alias = call('ann', 'anon')
  expect([...lanes.free([call('ann'), alias, call('ann'), call('bob')])]).toEqual([call('ann'), call('bob')])
})

interface Step {
  readonly ids: readonly string[]
  readonly number: number
}

test('whatever goes out side by side and settles in any order, calls that share an id settle in order', () => {
  const people = fc.array(fc.subarray(['a', 'b', 'c', 'd', 'e'], { minLength: 1, maxLength: 2 }), { maxLength: 40 })
  fc.assert(
    fc.property(people, fc.array(fc.nat(7), { minLength: 1 }), (drawn, choices) => {
      const lanes = createLanes()
      let waiting = drawn.map((ids, number) => ({ lanes: ids, ids, number }))
      const inFlight: (typeof waiting)[] = []
      const settled: Step[] = []
      for (let turn = 0; waiting.length + inFlight.length > 0; turn++) {
        const choice = choices[turn % choices.length] ?? 0
        const batch = [...lanes.free(waiting)].slice(0, 1 + (choice % 3))
        if (batch.length > 0 && inFlight.length < 4) {
          lanes.enter(batch)
          inFlight.push(batch)
          waiting = waiting.filter((one) => !batch.includes(one))
        }
        const [done] =
          choice % 2 === 0 || batch.length === 0 || inFlight.length === 4
            ? inFlight.splice(choice % inFlight.length, 1)
            : []
        lanes.leave(done ?? [])
        settled.push(...(done ?? []))
      }
      for (const id of ['a', 'b', 'c', 'd', 'e']) {
        const own = settled.filter(({ ids }) => ids.includes(id)).map(({ number }) => number)
        expect(own).toEqual(own.toSorted((one, other) => one - other))
      }
      expect(settled.length).toBe(drawn.length)
    }),
  )
})
