import { expect, test } from 'vitest'
import { createFairQueue } from '../../src/sink/fair-queue.ts'

function drain(queue: { shift(): string | undefined }): string[] {
  const out: string[] = []
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) out.push(next)
  return out
}

test('lanes take turns, and within a lane whoever came first goes first', () => {
  const queue = createFairQueue<number, string>()
  for (const item of ['a1', 'a2', 'a3']) queue.push(1, item)
  for (const item of ['b1', 'b2']) queue.push(2, item)
  queue.push(3, 'c1')
  expect(queue.size()).toBe(6)
  expect([drain(queue), queue.size()]).toEqual([['a1', 'b1', 'c1', 'a2', 'b2', 'a3'], 0])
})

test('the next may be looked at and stays where it is', () => {
  const queue = createFairQueue<number, string>()
  expect(queue.peek()).toBeUndefined()
  queue.push(1, 'a1')
  queue.push(2, 'b1')
  expect([queue.peek(), queue.peek(), queue.size(), drain(queue)]).toEqual(['a1', 'a1', 2, ['a1', 'b1']])
})

test('a lane that had its turn goes behind those that come meanwhile', () => {
  const queue = createFairQueue<number, string>()
  for (const item of ['a1', 'a2', 'a3']) queue.push(1, item)
  const first = queue.shift()
  queue.push(2, 'b1')
  expect([first, ...drain(queue)]).toEqual(['a1', 'a2', 'b1', 'a3'])
})

test('whoever is taken out has no turn, and taking out a stranger changes nothing', () => {
  const queue = createFairQueue<number, string>()
  queue.push(1, 'a1')
  queue.push(1, 'a2')
  queue.push(2, 'b1')
  queue.remove(1, 'a1')
  queue.remove(2, 'a2')
  queue.remove(3, 'a2')
  queue.remove(2, 'b1')
  expect([queue.size(), drain(queue)]).toEqual([1, ['a2']])
})
