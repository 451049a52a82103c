// Reads one partition with stock kafkajs, unpatched, in a process of its own (our patches hold for a whole process), from
// each of several offsets up to a record with a given value. Arguments: broker, topic, last value, start offsets. Prints
// the values read from each start as JSON, e.g. [["a0","c6"],["c6"]].
import { randomUUID } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'

const [broker, topic, lastValue, ...starts] = process.argv.slice(2)
if (broker === undefined || topic === undefined) throw new Error('arguments: broker, topic, last value, start offsets')
const kafka = new Kafka({ brokers: [broker], clientId: 'stock-reader', logLevel: logLevel.NOTHING })

async function readFrom(start: string, from: string): Promise<readonly string[]> {
  const consumer = kafka.consumer({ groupId: randomUUID(), maxWaitTimeInMs: 100 })
  const values: string[] = []
  const complete = Promise.withResolvers<void>()
  await consumer.connect()
  await consumer.subscribe({ topics: [from], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachMessage: ({ message }) => {
      values.push(String(message.value))
      if (values.at(-1) === lastValue) complete.resolve()
      return Promise.resolve()
    },
  })
  // Before the first fetch: nothing is awaited between run and seek.
  consumer.seek({ topic: from, partition: 0, offset: start })
  await complete.promise
  await consumer.disconnect()
  return values
}

const read: (readonly string[])[] = []
for (const start of starts) read.push(await readFrom(start, topic))
process.stdout.write(JSON.stringify(read))
