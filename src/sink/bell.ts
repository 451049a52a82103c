// Wakes those that wait for something to happen. In: rings. Out: the end of every wait that began before. Not an
// AbortController alone: one of these is rung several times a request, and mostly nobody waits.

export interface Bell {
  ring(): void
  /** Resolves when the bell rings next. */
  rung(): Promise<void>
  /** Aborts when the bell rings next. */
  signal(): AbortSignal
}

export function createBell(): Bell {
  let next: PromiseWithResolvers<void> | undefined
  let abort: AbortController | undefined
  return {
    ring() {
      next?.resolve()
      // With a reason: without one an exception is made each time, with its stack.
      abort?.abort('rung')
      next = undefined
      abort = undefined
    },
    rung() {
      next ??= Promise.withResolvers()
      return next.promise
    },
    signal() {
      abort ??= new AbortController()
      return abort.signal
    },
  }
}
