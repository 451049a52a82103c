import { expect, test } from 'vitest'
import { createBell } from '../../src/sink/bell.ts'

test('a ring ends the waits that began before it, and none that begins after it', async () => {
  const bell = createBell()
  const log: string[] = []
  const waitFor = (name: string): void => {
    void bell.rung().then(() => log.push(`${name} rung`))
    bell.signal().addEventListener('abort', () => log.push(`${name} aborted`))
  }
  bell.ring()
  waitFor('one')
  waitFor('two')
  expect(log).toEqual([])
  bell.ring()
  waitFor('three')
  await Promise.resolve()
  expect(log.toSorted()).toEqual(['one aborted', 'one rung', 'two aborted', 'two rung'])
  bell.ring()
  await Promise.resolve()
  expect(log.slice(4).toSorted()).toEqual(['three aborted', 'three rung'])
})
