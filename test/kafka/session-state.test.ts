import { expect, test } from 'vitest'
import { TrackbridgeError } from '../../src/errors.ts'
import type { CommitResult } from '../../src/kafka/broker.ts'
import { createSessionLife, failedCommit, type SessionLife } from '../../src/kafka/session-state.ts'

const ok = (): Promise<CommitResult> => Promise.resolve({ ok: true })
const wrong = (call: string, state: string): TrackbridgeError =>
  new TrackbridgeError('TB_BUG', `${call} was called on the session of raw/0 while it is ${state}`)
const refused = (state: string): CommitResult => ({
  ok: false,
  outcome: 'aborted',
  reason: 'fatal',
  error: wrong('commit', state),
})

interface Opened {
  closed: number
  close(): Promise<void>
}
function createOpened(): Opened {
  const opened = {
    closed: 0,
    close: () => {
      opened.closed += 1
      return Promise.resolve()
    },
  }
  return opened
}

async function readyLife(): Promise<SessionLife> {
  const life = createSessionLife('the session of raw/0')
  await life.runInit(() => Promise.resolve(createOpened()))
  return life
}

test('a new session refuses everything but init', async () => {
  const life = createSessionLife('the session of raw/0')
  await expect(life.runRead('committed', ok)).rejects.toEqual(wrong('committed', 'new'))
  expect(await life.runCommit(ok)).toEqual(refused('new'))
})

test('a ready session commits as often as it succeeds', async () => {
  const life = await readyLife()
  await life.runRead('committed', ok)
  expect([await life.runCommit(ok), await life.runCommit(ok)]).toEqual([{ ok: true }, { ok: true }])
})

test('a session is initialised once', async () => {
  const life = await readyLife()
  await expect(life.runInit(() => Promise.resolve(createOpened()))).rejects.toEqual(wrong('init', 'ready'))
})

test('a second init while the first is under way is refused', async () => {
  const life = createSessionLife('the session of raw/0')
  const gate = Promise.withResolvers<Opened>()
  const first = life.runInit(() => gate.promise)
  await expect(life.runInit(() => Promise.resolve(createOpened()))).rejects.toEqual(wrong('init', 'opening'))
  gate.resolve(createOpened())
  await first
  await life.runRead('committed', ok)
})

test('an init that failed may be tried again', async () => {
  const life = createSessionLife('the session of raw/0')
  await expect(life.runInit(() => Promise.reject(new Error('down')))).rejects.toThrow('down')
  await life.runInit(() => Promise.resolve(createOpened()))
  await life.runRead('committed', ok)
})

test('a session closed while it opens closes what was opened', async () => {
  const life = createSessionLife('the session of raw/0')
  const gate = Promise.withResolvers<Opened>()
  const opened = createOpened()
  const init = life.runInit(() => gate.promise)
  life.close()
  gate.resolve(opened)
  await expect(init).rejects.toMatchObject({ code: 'TB_KAFKA_REBALANCED' })
  expect(opened.closed).toBe(1)
  expect(await life.runCommit(ok)).toEqual(refused('closed'))
})

test('a commit beside another is refused without being run', async () => {
  const life = await readyLife()
  const gate = Promise.withResolvers<CommitResult>()
  const first = life.runCommit(() => gate.promise)
  expect(await life.runCommit(() => Promise.reject(new Error('was run')))).toEqual(refused('busy'))
  gate.resolve({ ok: true })
  expect(await first).toEqual({ ok: true })
})

test.each(['aborted', 'unknown'] as const)('after an outcome %s the session is dead', async (outcome) => {
  const life = await readyLife()
  const error = new TrackbridgeError('TB_KAFKA_FENCED', 'fenced')
  const result = await life.runCommit(() => Promise.resolve(failedCommit(outcome, error)))
  expect(result).toEqual({ ok: false, outcome, reason: 'fenced', error })
  expect(await life.runCommit(ok)).toEqual(refused('dead'))
  await expect(life.runRead('committed', ok)).rejects.toEqual(wrong('committed', 'dead'))
})

test('a session closed during a commit stays closed', async () => {
  const life = await readyLife()
  const gate = Promise.withResolvers<CommitResult>()
  const commit = life.runCommit(() => gate.promise)
  life.close()
  gate.resolve({ ok: true })
  expect(await commit).toEqual({ ok: true })
  expect(await life.runCommit(ok)).toEqual(refused('closed'))
})

test('a read that fails because the session was closed meanwhile says so; any other failure is its own', async () => {
  const life = await readyLife()
  await expect(life.runRead('committed', () => Promise.reject(new Error('down')))).rejects.toEqual(new Error('down'))
  const gate = Promise.withResolvers<number>()
  const reading = life.runRead('committed', () => gate.promise)
  life.close()
  gate.reject(new Error('the client is closed'))
  await expect(reading).rejects.toEqual(
    new TrackbridgeError('TB_KAFKA_REBALANCED', 'the session of raw/0 was closed during committed'),
  )
})
