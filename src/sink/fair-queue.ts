// Those that wait for the same thing, in lanes: the lanes take turns, and within a lane whoever came first goes first,
// so that a lane with many waiting holds up no other. In: who waits, in which lane. Out: who is next.

export interface FairQueue<Lane, Item> {
  push(lane: Lane, item: Item): void
  /** The next, left where it is; undefined when nobody waits. */
  peek(): Item | undefined
  /** Takes out the next; undefined when nobody waits. */
  shift(): Item | undefined
  /** Takes out one that waits no longer; nothing happens when it is not there. */
  remove(lane: Lane, item: Item): void
  size(): number
}

/** An empty queue. A lane comes with its first item and goes with its last. */
export function createFairQueue<Lane, Item>(): FairQueue<Lane, Item> {
  // In the order of their turns.
  const lanes = new Map<Lane, Item[]>()
  let size = 0
  return {
    size: () => size,
    peek() {
      for (const [first] of lanes.values()) return first
      return undefined
    },
    push(lane, item) {
      const waiting = lanes.get(lane)
      if (waiting) waiting.push(item)
      else lanes.set(lane, [item])
      size++
    },
    shift() {
      for (const [lane, waiting] of lanes) {
        const next = waiting.shift()
        lanes.delete(lane)
        // Behind all others: its next turn comes after theirs.
        if (waiting.length > 0) lanes.set(lane, waiting)
        size--
        return next
      }
      return undefined
    },
    remove(lane, item) {
      const waiting = lanes.get(lane)
      const at = waiting?.indexOf(item) ?? -1
      if (waiting === undefined || at === -1) return
      waiting.splice(at, 1)
      if (waiting.length === 0) lanes.delete(lane)
      size--
    },
  }
}

/** Waits in a lane for whoever takes the item out to call `go`; false when `signal` aborts before. */
export async function waitInLane<Lane, Item>(
  queue: FairQueue<Lane, Item>,
  lane: Lane,
  signal: AbortSignal,
  toItem: (go: () => void) => Item,
): Promise<boolean> {
  if (signal.aborted) return false
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const item = toItem(() => {
    signal.removeEventListener('abort', leave)
    resolve(true)
  })
  const leave = (): void => {
    queue.remove(lane, item)
    resolve(false)
  }
  queue.push(lane, item)
  signal.addEventListener('abort', leave, { once: true })
  return promise
}
