// The destination topic that the benchmarks of the sink read: filled once, by stock kafkajs, in transactions as `process`
// writes them.
import { randomName, say, type BenchKafka } from './kafka.ts'
import { evenMessages, type FedMessage } from './messages.ts'
import { partitionByMessage } from './calls.ts'
import { LZ4, stockKafka } from './stock-kafkajs.ts'

export interface SinkTopic {
  readonly name: string
  readonly records: number
  readonly partitions: number
  /** How many of them the stand-in refuses when told to. */
  readonly refused: number
  /** Mean size of a value. */
  readonly bytesAMessage: number
}

const messagesABlock = 2_000

/** A topic of its own with `records` messages, evenly over its partitions, in lz4 batches of some 170 kB. */
export async function fillSinkTopic(
  kafka: BenchKafka,
  { partitions, records }: Record<'partitions' | 'records', number>,
): Promise<SinkTopic> {
  const name = randomName('destination')
  say(`filling ${name} with ${records} messages`)
  await kafka.createTopic(name, partitions)
  const producer = stockKafka(kafka.brokers).producer({
    transactionalId: name,
    maxInFlightRequests: 1,
    createPartitioner: partitionByMessage,
  })
  await producer.connect()
  const write = async (block: FedMessage[]): Promise<void> => {
    const transaction = await producer.transaction()
    await transaction.send({ topic: name, compression: LZ4, messages: block })
    await transaction.commit()
  }
  const sums = { refused: 0, bytes: 0 }
  let block: FedMessage[] = []
  for (const message of evenMessages({ count: records, partitions })) {
    block.push(message)
    sums.bytes += message.value.length
    if (message.refused) sums.refused++
    if (block.length < messagesABlock) continue
    await write(block)
    block = []
  }
  if (block.length > 0) await write(block)
  await producer.disconnect()
  return { name, records, partitions, refused: sums.refused, bytesAMessage: Math.round(sums.bytes / records) }
}
