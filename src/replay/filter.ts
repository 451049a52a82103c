// What --filter lets through. In: conditions as they stand on the command line (history/conditions.ts has their grammar).
// Out: which partitions belong to a replay, and which messages. Pure. Conditions on topic and partition cut the window;
// those on messages are asked of each message. Ruled by docs/replay.md.
import { meets, parseConditions, type Condition } from '../history/conditions.ts'
import type { TopicPartition } from '../kafka/broker.ts'
import type { Selection } from '../processor/topology.ts'

const whereKeys = ['topic', 'partition'] as const
const translateKeys = ['source', 'operation', 'type', 'event', 'person', ...whereKeys] as const
const forwardKeys = ['type', 'event', 'person', ...whereKeys] as const

type Key = (typeof translateKeys)[number]

/** What a message that stands on a topic says of itself; what it lacks is absent. */
export interface MessageFacts {
  readonly type?: string
  readonly event?: string
  /** userId, else anonymousId. */
  readonly person?: string
}

export interface Filter {
  /** Whether a partition belongs to the window. */
  partition(where: TopicPartition): boolean
  /** Which messages are written, for TopologySettings; absent: all. Where it is there, dead letters and unsupported
   *  records are not written: they have no message to ask. */
  readonly select?: Selection
  /** The same of messages that stand on a destination topic; absent: all. */
  readonly keep?: (facts: MessageFacts) => boolean
}

/** Conditions of a stage. TB_USAGE names the text, and the keys that are allowed. */
export function parseFilter(texts: readonly string[], stage: 'translate' | 'forward'): Filter {
  const conditions: readonly Condition<Key>[] = parseConditions(
    texts,
    stage === 'translate' ? translateKeys : forwardKeys,
    '--filter',
  )
  const isWhere = ({ key }: Condition<Key>): boolean => key === 'topic' || key === 'partition'
  const where = conditions.filter(isWhere)
  const ofMessages = conditions.filter((condition) => !isWhere(condition))
  const partition: Filter['partition'] = (one) => meets(where, { topic: one.topic, partition: String(one.partition) })
  if (ofMessages.length === 0) return { partition }
  return {
    partition,
    select: (message, operation, source) =>
      meets(ofMessages, {
        source,
        operation: `${operation.type} ${operation.action}`,
        type: message.type,
        event: message.event,
        person: message.userId ?? message.anonymousId,
      }),
    keep: (facts) => meets(ofMessages, facts),
  }
}
