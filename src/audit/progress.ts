// How much an audit has to read, and how much it has read, in offsets of all topics, markers of transactions included. In:
// the scene, what is planned, what is done. Out: told to whoever shows it.
import type { TopicPartition } from '../kafka/broker.ts'
import type { Scene } from './scene.ts'

/** Who shows how far it is. */
export interface ReadMeter {
  /** So many offsets further. */
  add(offsets: number): void
  /** There are so many more to read; fewer where it is negative. */
  extend(offsets: number): void
}

export interface Progress extends Pick<ReadMeter, 'add'> {
  /** So many offsets of a partition are read now; until then the whole of it counts. */
  plan(place: TopicPartition, offsets: number): void
}

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`

/** Counts the raw windows and the whole of each output topic until it is known where reading begins. */
export function createProgress({ views, channels }: Scene, meter: ReadMeter): Progress {
  const planned = new Map<string, number>()
  for (const { from, to } of views) meter.extend(to - from)
  for (const { topic, partitions } of channels)
    for (const [partition, { earliest, lastStable }] of partitions) {
      planned.set(nameOf({ topic, partition }), lastStable - earliest)
      meter.extend(lastStable - earliest)
    }
  return {
    add: (offsets) => meter.add(offsets),
    plan(place, offsets) {
      // Again for each further slice that reads it.
      meter.extend(offsets - (planned.get(nameOf(place)) ?? 0))
      planned.set(nameOf(place), 0)
    },
  }
}
