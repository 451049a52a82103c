// The name of a partition: the key of every map by partition, for partitions of several raw topics have the same numbers.
import type { TopicPartition } from '../kafka/broker.ts'

/** `cio.track.raw/3`; no topic has a slash in its name. */
export const partitionName = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`
