import { expect, test } from 'vitest'
import { createAssignment } from '../../src/kafka/consumer-assignment.ts'

const member = { assignment: 1, memberId: 'm', generation: 1 }
const mine = { topic: 'raw', partition: 0 }
const other = { topic: 'raw', partition: 1 }

test('an assignment knows its partitions', () => {
  const assignment = createAssignment(member, [mine])
  expect([assignment.has(mine), assignment.has(other)]).toEqual([true, false])
})

test.each([
  { next: 4, allowed: false },
  { next: 5, allowed: true },
  { next: 12, allowed: true },
  { next: 13, allowed: false },
])('of batches 5 to 8 and 8 to 12 offset $next may be committed: $allowed', ({ next, allowed }) => {
  const assignment = createAssignment(member, [mine, other])
  assignment.handedOut(mine, { from: 5, next: 8 })
  assignment.handedOut(mine, { from: 8, next: 12 })
  expect([assignment.mayCommit(mine, next), assignment.mayCommit(other, next)]).toEqual([allowed, false])
})

test('an assignment ends in order without a cause', () => {
  const assignment = createAssignment(member, [mine])
  expect(assignment.signal.aborted).toBe(false)
  assignment.end()
  expect([assignment.signal.aborted, assignment.lostBy()]).toEqual([true, undefined])
})

test('the first cause of a loss is kept', () => {
  const assignment = createAssignment(member, [mine])
  const first = new Error('first')
  assignment.end(first)
  assignment.end(new Error('second'))
  expect(assignment.lostBy()).toBe(first)
})
