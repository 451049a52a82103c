import { describe, expect, test } from 'vitest'
import { createGate } from '../../src/sink/gate.ts'
import { settle } from '../support/fake-clock.ts'

const never = new AbortController().signal

/** Partition and number of a request are in its name: `a1`. */
function gateWithLog(maxInFlight: number, takeToken: (signal: AbortSignal) => Promise<boolean> = async () => true) {
  const gate = createGate({ maxInFlight, maxMessages: maxInFlight, tokens: { takeNow: () => false, take: takeToken } })
  const log: string[] = []
  const ends = new Map<string, () => void>()
  const request = (name: string, signal = never): Promise<string | null> =>
    gate.run({
      partition: name.charCodeAt(0),
      messages: 1,
      signal,
      send() {
        log.push(name)
        return new Promise((resolve) => ends.set(name, () => resolve(name)))
      },
    })
  return { gate, log, request, end: (name: string) => ends.get(name)?.() }
}

test('no more requests than allowed are under way, and those that wait go in the order they came', async () => {
  const { gate, log, request, end } = gateWithLog(2)
  const results = ['a1', 'b1', 'c1', 'd1'].map((name) => request(name))
  await settle()
  expect([log, gate.inFlight()]).toEqual([['a1', 'b1'], 2])
  end('b1')
  await settle()
  expect(log).toEqual(['a1', 'b1', 'c1'])
  for (const name of ['a1', 'c1']) end(name)
  await settle()
  end('d1')
  expect([await Promise.all(results), gate.inFlight()]).toEqual([['a1', 'b1', 'c1', 'd1'], 0])
})

test('partitions take turns, however many requests one of them has', async () => {
  const { log, request, end } = gateWithLog(1)
  for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'c1']) void request(name)
  for (let over = 0; over < 6; over++) {
    await settle()
    end(log.at(-1)!)
  }
  await settle()
  expect(log).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'a4'])
})

test('a request waits for its token with a slot, and gives the slot back when it does not get one', async () => {
  const tokens: ((goes: boolean) => void)[] = []
  const { gate, log, request, end } = gateWithLog(1, () => new Promise((resolve) => tokens.push(resolve)))
  const refused = request('a1')
  const next = request('b1')
  await settle()
  expect([tokens.length, log, gate.inFlight()]).toEqual([1, [], 0])
  tokens[0]?.(false)
  expect(await refused).toBe(null)
  await settle()
  tokens[1]?.(true)
  await settle()
  expect([tokens.length, log, gate.inFlight()]).toEqual([2, ['b1'], 1])
  end('b1')
  expect(await next).toBe('b1')
})

test('whoever is aborted while waiting never goes, and frees nothing that is not theirs', async () => {
  const { gate, log, request, end } = gateWithLog(1)
  const abort = new AbortController()
  const first = request('a1')
  const queued = request('b1', abort.signal)
  await settle()
  abort.abort()
  expect(await queued).toBe(null)
  void request('c1')
  void request('d1')
  end('a1')
  expect(await first).toBe('a1')
  await settle()
  expect([await request('e1', abort.signal), log, gate.inFlight()]).toEqual([null, ['a1', 'c1'], 1])
})

const untilAborted = (signal: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(false)))

test('a closed gate lets nobody go, and what is under way go on', async () => {
  let tokens = 1
  const { gate, log, request, end } = gateWithLog(2, async (signal) => tokens-- > 0 || untilAborted(signal))
  const [underWay, forToken, forSlot] = ['a1', 'b1', 'c1'].map((name) => request(name))
  await settle()
  gate.close()
  expect(await Promise.all([forToken, forSlot, request('d1')])).toEqual([null, null, null])
  end('a1')
  expect([await underWay, log, gate.inFlight()]).toEqual(['a1', ['a1'], 0])
})

test('a request that fails gives its place back', async () => {
  const { gate, request, end } = gateWithLog(1)
  await expect(
    gate.run({ partition: 1, messages: 1, signal: never, send: () => Promise.reject(new Error('broken')) }),
  ).rejects.toThrow('broken')
  const next = request('a1')
  await settle()
  end('a1')
  expect(await next).toBe('a1')
})

function gateFor(maxMessages: number) {
  const gate = createGate({ maxInFlight: 3, maxMessages, tokens: { takeNow: () => true, take: async () => true } })
  const log: string[] = []
  const start = (name: string, messages: number) => {
    const [over, kept] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const send = async (): Promise<void> => {
      log.push(name)
      await over.promise
    }
    void gate.run({ partition: 1, messages, signal: never, send, keep: () => kept.promise })
    return { over: () => over.resolve(), release: () => kept.resolve() }
  }
  return { gate, log, start }
}

describe('messages', () => {
  test('count until what they are kept for has come, though the request is over', async () => {
    const { gate, log, start } = gateFor(10)
    const first = start('first', 6)
    start('second', 5)
    await settle()
    first.over()
    await settle()
    expect([log, gate.inFlight()]).toEqual([['first'], 0])
    first.release()
    await settle()
    expect([log, gate.inFlight()]).toEqual([['first', 'second'], 1])
  })

  test('of one request may be more than the limit, when nothing else is under way', async () => {
    const { log, start } = gateFor(10)
    const first = start('first', 1)
    start('large', 20)
    await settle()
    expect(log).toEqual(['first'])
    first.over()
    first.release()
    await settle()
    expect(log).toEqual(['first', 'large'])
  })

  test('that are few pass nobody whose turn it is', async () => {
    const { log, start } = gateFor(10)
    const first = start('first', 8)
    start('large', 5)
    start('small', 1)
    await settle()
    expect(log).toEqual(['first'])
    first.over()
    first.release()
    await settle()
    expect(log).toEqual(['first', 'large', 'small'])
  })
})
