// Which calls may go out beside those in flight: each person's calls one after the other, different persons side by side.
// A call is in the lane of every id it is about, so that an alias holds up both of its ids. In: calls in order, those
// that go and those that have settled. Out: the calls that may go. Ruled by sink.md, "Behaviour" (order).

/** `lanes`: ids of the person, e.g. `['"42"', 'key:42']`. */
export interface InLanes {
  readonly lanes: readonly string[]
}

export interface Lanes {
  /** Those of `calls` that share no lane with a call in flight, nor with one before them that does; in order. */
  free<T extends InLanes>(calls: Iterable<T>): Iterable<T>
  enter(calls: readonly InLanes[]): void
  leave(calls: readonly InLanes[]): void
}

export function createLanes(): Lanes {
  const inFlight = new Map<string, number>()
  return {
    *free(calls) {
      const heldUp = new Set<string>()
      for (const call of calls) {
        const { lanes } = call
        if (lanes.some((lane) => inFlight.has(lane) || heldUp.has(lane))) for (const lane of lanes) heldUp.add(lane)
        else yield call
      }
    },
    enter(calls) {
      for (const { lanes } of calls) for (const lane of lanes) inFlight.set(lane, (inFlight.get(lane) ?? 0) + 1)
    },
    leave(calls) {
      for (const { lanes } of calls)
        for (const lane of lanes) {
          const left = (inFlight.get(lane) ?? 0) - 1
          if (left > 0) inFlight.set(lane, left)
          else inFlight.delete(lane)
        }
    },
  }
}
