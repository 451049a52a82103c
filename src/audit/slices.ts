// A large window -> slices that are audited one after the other, each within a budget of memory. Pure. Whole partitions
// where they fit, in order of their number: with partitioning: source each output topic is then read once.
import type { RawView } from './scene.ts'

/** A part of a raw partition's window. */
export interface Part {
  readonly view: RawView
  readonly from: number
  readonly to: number
}

/** Every offset of every window in exactly one slice; none of them empty. `maxOffsets`: of one slice, at least 1. */
export function cutSlices(views: readonly RawView[], maxOffsets: number): readonly (readonly Part[])[] {
  const slices: Part[][] = []
  let room = 0
  for (const view of views.toSorted((a, b) => a.partition - b.partition)) {
    let from = view.from
    while (from < view.to) {
      const isWhole = view.to - from <= room
      // A partition is cut only where it would not fit into any slice.
      if (room === 0 || (!isWhole && from === view.from)) {
        slices.push([])
        room = maxOffsets
      }
      const to = Math.min(view.to, from + room)
      slices.at(-1)?.push({ view, from, to })
      room -= to - from
      from = to
    }
  }
  return slices
}
