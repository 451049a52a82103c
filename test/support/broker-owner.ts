// A process that starts an embedded Kafka, prints its process id and folder as JSON and then does nothing until killed.
import { startEmbeddedKafka } from '../../src/demo/embedded-kafka.ts'
import { resolveKafkaJars } from '../../src/demo/kafka-jars.ts'

const options = { env: process.env, onProgress: () => undefined }
const kafka = await startEmbeddedKafka({ ...options, jars: await resolveKafkaJars(options) })
process.stdout.write(`${JSON.stringify({ pid: kafka.pid(), folder: kafka.folder, brokers: kafka.brokers })}\n`)
