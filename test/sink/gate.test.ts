import { expect, test } from 'vitest'
import { createGate } from '../../src/sink/gate.ts'
import { createFakeClock, settle } from '../support/fake-clock.ts'

const never = new AbortController().signal

function gateWithLog(options: { maxInFlight: number; requestsPerSecond: number }) {
  const clock = createFakeClock(0)
  const gate = createGate(clock, options)
  const log: string[] = []
  const ends = new Map<string, () => void>()
  const request = (name: string, signal = never): Promise<string | null> =>
    gate.run(signal, () => {
      log.push(`${name} at ${clock.now()}`)
      return new Promise((resolve) => ends.set(name, () => resolve(name)))
    })
  return { clock, gate, log, request, end: (name: string) => ends.get(name)?.() }
}

test('no more requests than allowed are under way, and those that wait go in the order they came', async () => {
  const { gate, log, request, end } = gateWithLog({ maxInFlight: 2, requestsPerSecond: 1_000 })
  const results = ['a', 'b', 'c', 'd'].map((name) => request(name))
  await settle()
  expect([log, gate.inFlight()]).toEqual([['a at 0', 'b at 0'], 2])
  end('b')
  await settle()
  expect(log).toEqual(['a at 0', 'b at 0', 'c at 0'])
  for (const name of ['a', 'c']) end(name)
  await settle()
  end('d')
  expect([await Promise.all(results), gate.inFlight()]).toEqual([['a', 'b', 'c', 'd'], 0])
})

test('requests go no faster than the rate', async () => {
  const { clock, log, request } = gateWithLog({ maxInFlight: 10, requestsPerSecond: 10 })
  for (const name of ['a', 'b', 'c']) void request(name)
  for (let step = 0; step < 30; step++) {
    await settle(2)
    clock.advance(10)
  }
  expect(log).toEqual(['a at 0', 'b at 100', 'c at 200'])
})

test('whoever is aborted while waiting never goes, and frees nothing that is not theirs', async () => {
  const { clock, gate, log, request, end } = gateWithLog({ maxInFlight: 1, requestsPerSecond: 10 })
  const abort = new AbortController()
  const first = request('a')
  const queued = request('b', abort.signal)
  await settle()
  abort.abort()
  expect(await queued).toBe(null)
  end('a')
  expect(await first).toBe('a')
  const again = new AbortController()
  const slow = request('c', again.signal)
  await settle()
  again.abort()
  expect(await slow).toBe(null)
  expect(await request('d', abort.signal)).toBe(null)
  void request('e')
  clock.advance(1_000)
  await settle()
  expect([log, gate.inFlight()]).toEqual([['a at 0', 'e at 1000'], 1])
})

test('a request that fails gives its place back', async () => {
  const { gate, request, end } = gateWithLog({ maxInFlight: 1, requestsPerSecond: 1_000 })
  await expect(gate.run(never, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  const next = request('a')
  await settle()
  end('a')
  expect(await next).toBe('a')
})
