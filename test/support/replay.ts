// What tests of `trackbridge replay` need: raw topics with aborted transactions in between, members that a group forgets at
// once, and what a replay has written. Test support.
import { systemClock } from '../../src/clock.ts'
import type { TrackbridgeError } from '../../src/errors.ts'
import { createCluster } from '../../src/kafka/cluster.ts'
import { createByteWriter } from '../../src/kafka/wire/byte-writer.ts'
import { silentLog } from '../../src/ops/log.ts'
import { kafkaClient, randomName, readCommitted, withAdmin } from './kafka.ts'
import type { MixedCall } from './mixed-calls.ts'
import { verifyOutput, type Findings, type Output, type OutputTopics, type RawInput } from './verify-output.ts'

export interface TransactionSizes {
  readonly committed: number
  readonly aborted: number
}

/** Writes calls in transactions of their own; behind each of them stands one that was aborted, with the same calls. */
export async function produceInTransactions(
  calls: readonly MixedCall[],
  { committed, aborted }: TransactionSizes,
): Promise<void> {
  const producer = kafkaClient().producer({
    transactionalId: randomName('writer'),
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
  })
  await producer.connect()
  try {
    for (let start = 0; start < calls.length; start += committed) {
      const messages = calls
        .slice(start, start + committed)
        .map(({ timestamp, ...call }) => ({ ...call, timestamp: String(timestamp) }))
      for (const end of ['commit', 'abort'] as const) {
        const transaction = await producer.transaction()
        const sent = end === 'commit' ? messages : messages.slice(0, aborted)
        await transaction.send({ topic: calls[start]?.topic ?? '', messages: sent, acks: -1 })
        await transaction[end]()
      }
    }
  } finally {
    await producer.disconnect()
  }
}

const nobody = { principal: () => undefined, tool: '' }
const explain = async (fault: TrackbridgeError): Promise<TrackbridgeError> => fault

/** Lets the group forget its members at once, as it does by itself when their sessions have ended. */
export async function forgetMembers(group: string): Promise<void> {
  const { groups } = await withAdmin((admin) => admin.describeGroups([group]))
  const members = groups[0]?.members ?? []
  const cluster = createCluster(kafkaClient(), { log: silentLog, clock: systemClock, identity: nobody, explain })
  await cluster.open()
  try {
    const coordinator = await cluster.coordinator('group', group)
    for (const { memberId } of members)
      await coordinator.send({
        apiKey: 13,
        apiVersion: 0,
        apiName: 'LeaveGroup',
        encode: () => createByteWriter().string(group).string(memberId).finish(),
        decode: (answer) => answer.int16(),
      })
  } finally {
    await cluster.close()
  }
}

/** The records of output topics that a replay has written, or with `undefined` those that none has. */
export async function outputsOf(
  replay: string | undefined,
  topics: readonly string[],
): Promise<ReadonlyMap<string, readonly Output[]>> {
  const outputs = new Map<string, readonly Output[]>()
  for (const topic of topics) {
    const records = await readCommitted(topic, { timeoutMs: 60_000 })
    outputs.set(
      topic,
      records.filter(({ headers }) => headers['tb-replay'] === replay),
    )
  }
  return outputs
}

/** Holds what a replay has written, or with `undefined` what no replay has, against raw records. */
export async function verifyReplay(
  replay: string | undefined,
  topics: OutputTopics,
  raw: readonly RawInput[],
): Promise<Findings> {
  const names = [...topics.destinations, topics.deadLetters, topics.unsupported]
  return verifyOutput(raw, await outputsOf(replay, names), topics)
}
