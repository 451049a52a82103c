// The calls of a raw topic, block by block: the same ones for whoever asks for the same block.
import type { PartitionerArgs } from 'kafkajs'
import { systemClock } from '../src/clock.ts'
import { trackLines } from './track-traffic.ts'

/** `count` lines; `from`, the number of the first one among all, chooses them. */
export const callLines = (from: number, count: number): string[] => trackLines(count, 1 + from)

/** The same as kafkajs takes them, of now: Kafka deletes old records by their time. One key always has one partition. */
export function callMessages({ from, count, partitions }: Record<'from' | 'count' | 'partitions', number>) {
  const timestamp = String(systemClock.now())
  return callLines(from, count).map((value, index) => {
    const partition = (from + index) % partitions
    return { key: `person-${partition + partitions * ((from + index) % 997)}`, value, partition, timestamp }
  })
}

/** A partitioner of kafkajs: to where the message says. */
export const partitionByMessage =
  () =>
  ({ message }: PartitionerArgs): number =>
    message.partition ?? 0
