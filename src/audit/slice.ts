// The state of one slice while it is audited: a ledger for each of its parts, and which raw records each output partition
// has shown. In: parts. Out: look-ups.
import type { TopicPartition } from '../kafka/broker.ts'
import { createLedger, type Ledger } from './ledger.ts'
import type { Channel, RawView } from './scene.ts'
import type { Part } from './slices.ts'

/** Which raw records of one raw partition an output partition has shown, replays left out. */
export interface Sighting {
  /** Of all that were seen. */
  first: number
  /** The furthest one, and its message. */
  last: number
  lastIndex: number
}

export interface Entry {
  readonly part: Part
  readonly ledger: Ledger
  /** Offsets below it are not kept any more: retention took them while they were being read. */
  goneBelow: number
}

/** One output partition as it was read in this slice. */
export interface Reading {
  readonly channel: Channel
  readonly partition: number
  /** Where reading began. */
  readonly from: number
  /** Up to where it has been read. */
  to: number
  /** Retention has taken records that would have been read, or may have. */
  isCut: boolean
  readonly sightings: Map<RawView, Sighting>
}

export interface Slice {
  readonly entries: readonly Entry[]
  /** The entry of a view; undefined: none of it is in this slice. */
  entryOf(view: RawView): Entry | undefined
  readonly readings: Map<string, Reading>
  readingOf(channel: Channel, partition: number): Reading | undefined
}

/** Everything empty. `destinations`: how many. */
export function createSlice(parts: readonly Part[], destinations: number): Slice {
  const entries = parts.map((part): Entry => {
    const { view, from, to } = part
    const range = { topic: view.topic, partition: view.partition, from, to }
    return { part, ledger: createLedger(range, destinations), goneBelow: from }
  })
  const byView = new Map(entries.map((entry) => [entry.part.view, entry]))
  const readings = new Map<string, Reading>()
  return {
    entries,
    entryOf: (view) => byView.get(view),
    readings,
    readingOf: ({ topic }, partition) => readings.get(placeName({ topic, partition })),
  }
}

/** `main/3`. */
export const placeName = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`

/** Finds views by topic and partition. */
export function indexViews(views: readonly RawView[]): (place: TopicPartition) => RawView | undefined {
  const topics = new Map<string, RawView[]>()
  for (const view of views) {
    const list = topics.get(view.topic) ?? []
    list[view.partition] = view
    topics.set(view.topic, list)
  }
  return ({ topic, partition }) => topics.get(topic)?.[partition]
}
