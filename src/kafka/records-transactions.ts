// The port's Transactions: a transactional producer without a group, and where the partitions stand that its owner reads to
// learn what has been done. States: see session-state.ts. Spec kafka.md, "Exactly-once", 4 and 5.
import { TrackbridgeError } from '../errors.ts'
import { onTopic } from './access.ts'
import type { TopicPartition, Transactions } from './broker.ts'
import type { Cluster } from './cluster.ts'
import { needing } from './denial.ts'
import { errorOfCode } from './kafkajs.ts'
import { toTrackbridgeError } from './kafkajs-errors.ts'
import { createSessionLife } from './session-state.ts'
import {
  openTransactionalProducer,
  type TransactionalProducer,
  type TransactionDeps,
  type TransactionOptions,
} from './transactional-producer.ts'
import { highWatermark, lastStableOffset } from './wire/fetch-request.ts'
import { errorCode } from './wire/request.ts'

type TransactionsOptions = Required<Omit<TransactionOptions, 'group'>>

/** Nothing is connected before `init`. */
export function createRecordsTransactions(deps: TransactionDeps, options: TransactionsOptions): Transactions {
  const life = createSessionLife(`the transactions of ${options.transactionalId}`)
  let producer: TransactionalProducer | undefined
  return {
    async init() {
      producer = await life.runInit(() => openTransactionalProducer(deps, { ...options, group: null }))
    },
    ends: (partition) => life.runRead('ends', () => readEnds(deps.cluster, partition)),
    commit: (records) =>
      life.runCommit(async () => {
        if (producer === undefined) throw new TrackbridgeError('TB_BUG', 'ready transactions have no producer')
        const result = await producer.commitRecords(records)
        if (!result.ok) void producer.close()
        return result
      }),
    async close() {
      life.close()
      await producer?.close()
    },
  }
}

async function readEnds(cluster: Cluster, { topic, partition }: TopicPartition): ReturnType<Transactions['ends']> {
  const where = { topic, partition }
  try {
    return await needing({ identity: cluster.identity, access: [onTopic('Read', topic)] }, async () => {
      const leader = await cluster.leader(where)
      // In this order: what the first answer counts must not be missing from the second.
      const [end, stable] = [await leader.send(highWatermark(where)), await leader.send(lastStableOffset(where))]
      const failed = [end, stable].find(({ code }) => code !== errorCode.none)
      if (failed !== undefined) throw errorOfCode(failed.code)
      return { highWatermark: Number(end.offset), lastStable: Number(stable.offset) }
    })
  } catch (error) {
    await cluster.refresh().catch(() => undefined)
    throw toTrackbridgeError(error, `read the end of ${topic}/${partition}`, where)
  }
}
