// What `check` and `topics` ask a broker beyond what kafkajs can ask: who leads and follows, what we may do there, who is
// in a group, what a broker can do; and the one change of settings that leaves the others alone. Field by field as in
// Kafka's message definitions (MetadataRequest.json and so on), in the last versions before the flexible ones.
import type { Operation } from '../broker.ts'
import { createByteReader, type ByteReader } from './byte-reader.ts'
import { createByteWriter } from './byte-writer.ts'
import type { Request } from './request.ts'

const operationCodes = {
  3: 'Read',
  4: 'Write',
  5: 'Create',
  6: 'Delete',
  7: 'Alter',
  8: 'Describe',
  10: 'DescribeConfigs',
  11: 'AlterConfigs',
} as const satisfies Record<number, Operation>

// One bit for each operation, by its code.
const operationsOf = (bits: number): ReadonlySet<Operation> =>
  new Set(Object.entries(operationCodes).flatMap(([code, name]) => (bits & (1 << Number(code)) ? [name] : [])))

export interface MetadataAnswer {
  readonly brokers: readonly { readonly id: string; readonly address: string }[]
  readonly topics: readonly {
    readonly code: number
    readonly name: string
    readonly partitions: readonly { readonly leader: number; readonly replicas: number; readonly inSync: number }[]
    readonly operations: ReadonlySet<Operation>
  }[]
}

/** Brokers, and the topics with what we may do (version 8, brokers from 2.3). Creates no topic. */
export function metadata(topics: readonly string[]): Request<MetadataAnswer> {
  return {
    apiKey: 3,
    apiVersion: 8,
    apiName: 'Metadata',
    encode() {
      const writer = createByteWriter().int32(topics.length)
      for (const topic of topics) writer.string(topic)
      // No creation of topics, nothing about the cluster, operations of the topics.
      return writer.int8(0).int8(0).int8(1).finish()
    },
    decode(answer) {
      answer.int32()
      const brokers = answer.array(() => {
        const broker = { id: String(answer.int32()), address: `${answer.string()}:${answer.int32()}` }
        answer.string()
        return broker
      })
      answer.string()
      answer.int32()
      return { brokers, topics: answer.array(() => topicOf(answer)) }
    },
  }
}

function topicOf(answer: ByteReader): MetadataAnswer['topics'][number] {
  const [code, name] = [answer.int16(), answer.string() ?? '']
  answer.int8()
  const partitions = answer.array(() => {
    answer.int16()
    const [index, leader] = [answer.int32(), answer.int32()]
    answer.int32()
    const [replicas, inSync] = [answer.array(() => answer.int32()).length, answer.array(() => answer.int32()).length]
    answer.array(() => answer.int32())
    return { index, leader, replicas, inSync }
  })
  const ordered = partitions.toSorted((a, b) => a.index - b.index)
  return {
    code,
    name,
    partitions: ordered.map(({ leader, replicas, inSync }) => ({ leader, replicas, inSync })),
    operations: operationsOf(answer.int32()),
  }
}

export interface DescribedGroup {
  readonly code: number
  readonly state: string
  readonly assignor: string
  readonly members: readonly { readonly clientId: string; readonly host: string; readonly topics: readonly string[] }[]
  readonly operations: ReadonlySet<Operation>
}

/** One group, with what we may do (version 3, brokers from 2.3); to be sent to its coordinator. */
export function describeGroup(group: string): Request<DescribedGroup> {
  return {
    apiKey: 15,
    apiVersion: 3,
    apiName: 'DescribeGroups',
    encode: () => createByteWriter().int32(1).string(group).int8(1).finish(),
    decode(answer) {
      answer.int32()
      const [found] = answer.array(() => {
        const code = answer.int16()
        answer.string()
        const state = answer.string() ?? ''
        answer.string()
        const assignor = answer.string() ?? ''
        const members = answer.array(() => memberOf(answer))
        return { code, state, assignor, members, operations: operationsOf(answer.int32()) }
      })
      if (found === undefined) throw new RangeError('the answer to DescribeGroups does not name the group')
      return found
    },
  }
}

function memberOf(answer: ByteReader): DescribedGroup['members'][number] {
  answer.string()
  const [clientId, host] = [answer.string() ?? '', answer.string() ?? '']
  const subscription = answer.bytes()
  answer.bytes()
  return { clientId, host, topics: topicsOf(subscription) }
}

// Consumers say what they want in a form of their own, which other users of groups need not keep to.
function topicsOf(subscription: Buffer): readonly string[] {
  try {
    const reader = createByteReader(subscription)
    reader.int16()
    return reader.array(() => reader.string() ?? '')
  } catch {
    return []
  }
}

export interface BrokerAbilities {
  /** Most that this broker can do: `{'metadata.version': 27}`; empty for brokers that do not tell. */
  readonly supported: Readonly<Record<string, number>>
  /** What the cluster has enabled. */
  readonly enabled: Readonly<Record<string, number>>
}

/** Features of a broker and of its cluster (version 3, brokers from 2.4). */
export function brokerAbilities(): Request<BrokerAbilities> {
  return {
    apiKey: 18,
    apiVersion: 3,
    apiName: 'ApiVersions',
    encode: () => createByteWriter().tags().compactString('trackbridge').compactString('1').tags().finish(),
    decode(answer) {
      const found: Record<number, Readonly<Record<string, number>>> = {}
      // A broker that does not know version 3 answers in version 0.
      if (answer.int16() !== 0) return { supported: {}, enabled: {} }
      answer.compactArray(() => {
        answer.int16()
        answer.int16()
        answer.int16()
        answer.tags()
      })
      answer.int32()
      answer.tags((tag, bytes) => {
        if (tag === supportedTag || tag === enabledTag) found[tag] = levelsOf(bytes, tag === enabledTag)
      })
      return { supported: found[supportedTag] ?? {}, enabled: found[enabledTag] ?? {} }
    },
  }
}

const supportedTag = 0
const enabledTag = 2

// Supported features say the least level first, enabled ones the most.
function levelsOf(features: Buffer, mostFirst: boolean): Readonly<Record<string, number>> {
  const reader = createByteReader(features)
  const levels = reader.compactArray(() => {
    const name = reader.compactString() ?? ''
    const [first, second] = [reader.int16(), reader.int16()]
    reader.tags()
    return [name, mostFirst ? first : second] as const
  })
  return Object.fromEntries(levels)
}

const topicResource = 2
const setOperation = 0

/** Sets these settings of a topic and leaves its others alone, unlike AlterConfigs (version 0, brokers from 2.3). The
 *  answer is the error code and Kafka's words. */
export function setTopicSettings(
  topic: string,
  settings: Readonly<Record<string, string>>,
): Request<{ readonly code: number; readonly message: string | null }> {
  return {
    apiKey: 44,
    apiVersion: 0,
    apiName: 'IncrementalAlterConfigs',
    encode() {
      const entries = Object.entries(settings)
      const writer = createByteWriter().int32(1).int8(topicResource).string(topic).int32(entries.length)
      for (const [name, value] of entries) writer.string(name).int8(setOperation).string(value)
      return writer.int8(0).finish()
    },
    decode(answer) {
      answer.int32()
      const [found] = answer.array(() => {
        const result = { code: answer.int16(), message: answer.string() }
        answer.int8()
        answer.string()
        return result
      })
      if (found === undefined) throw new RangeError('the answer to IncrementalAlterConfigs does not name the topic')
      return found
    },
  }
}
