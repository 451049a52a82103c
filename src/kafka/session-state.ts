// The life of a session, alike for both kinds of delivery: new -> opening -> ready (-> busy -> ready) -> dead; closed at
// any time; back to new when opening failed.
// In: calls of the engine. Out: permission, or TB_BUG for a call that the state does not allow (broker.ts, Session).
import { TrackbridgeError } from '../errors.ts'
import type { CommitResult } from './broker.ts'
import { deathReason } from './kafkajs-errors.ts'

type State = 'new' | 'opening' | 'ready' | 'busy' | 'dead' | 'closed'

export interface SessionLife {
  /** Runs `open` and makes the session ready. Rejects as `open` does, with TB_BUG unless the session is new, and with
   *  TB_KAFKA_REBALANCED, after closing what was opened, when the session was closed meanwhile. */
  runInit<C extends Closable>(open: () => Promise<C>): Promise<C>
  /** Runs a read, such as that of the committed offset. Rejects with TB_BUG unless the session is ready, with
   *  TB_KAFKA_REBALANCED when it was closed meanwhile, else as `read` does. */
  runRead<T>(call: string, read: () => Promise<T>): Promise<T>
  /** Runs one commit. Answers TB_BUG without running it when the session is not ready; dies of anything but ok. */
  runCommit(commit: () => Promise<CommitResult>): Promise<CommitResult>
  close(): void
}

export interface Closable {
  close(): Promise<void>
}

/** `name` stands in messages, e.g. `the session of cio.track.raw/3`. */
export function createSessionLife(name: string): SessionLife {
  let state: State = 'new'
  const wrongState = (call: string): TrackbridgeError =>
    new TrackbridgeError('TB_BUG', `${call} was called on ${name} while it is ${state}`)
  // A function: the compiler takes for granted that `state` stays as it was assigned, across an await as well.
  const isOpening = (): boolean => state === 'opening'
  const isClosed = (): boolean => state === 'closed'
  const ready = <C>(opened: C): C => {
    state = 'ready'
    return opened
  }
  return {
    async runInit(open) {
      if (state !== 'new') throw wrongState('init')
      state = 'opening'
      try {
        const opened = await open()
        if (isOpening()) return ready(opened)
        await opened.close()
        throw new TrackbridgeError('TB_KAFKA_REBALANCED', `${name} was closed while it was opened`)
      } finally {
        if (isOpening()) state = 'new'
      }
    },
    async runRead(call, read) {
      if (state !== 'ready') throw wrongState(call)
      try {
        return await read()
      } catch (error) {
        // A close takes away what is read with; that is nobody's fault.
        if (!isClosed()) throw error
        throw new TrackbridgeError('TB_KAFKA_REBALANCED', `${name} was closed during ${call}`, { cause: error })
      }
    },
    async runCommit(commit) {
      if (state !== 'ready') {
        const error = wrongState('commit')
        // A second commit beside one under way, or after a failed one: nothing of it was sent.
        return { ok: false, outcome: 'aborted', reason: 'fatal', error }
      }
      state = 'busy'
      const result = await commit()
      if (state === 'busy') state = result.ok ? 'ready' : 'dead'
      return result
    },
    close() {
      state = 'closed'
    },
  }
}

/** The result of a commit that failed with `error`. `unknown`: only the committed offset tells whether it happened. */
export function failedCommit(outcome: 'aborted' | 'unknown', error: TrackbridgeError): CommitResult {
  return { ok: false, outcome, reason: deathReason(error), error }
}
