// Kafka's own Java client as a second opinion on records: what it writes and what it reads, to the letter. The work is
// done by WireClient.java, run from its source with the jars of the embedded Kafka.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { resolveKafkaJars } from '../../src/demo/kafka-jars.ts'
import type { DecodedRecord } from './decoded-record.ts'
import { kafkaBrokers } from './kafka.ts'

export type JavaRecord = Omit<DecodedRecord, 'offset'>

const program = fileURLToPath(new URL('./WireClient.java', import.meta.url))

/** Writes each list of records, in one batch, to the partition of its index, compressed by the codec of that number. */
export async function writeWithJava(topic: string, lists: readonly (readonly JavaRecord[])[]): Promise<void> {
  const shapes = lists.map((records) =>
    records.map(({ timestamp, key, value, headers }) => ({
      timestamp,
      key: toBase64(key),
      value: toBase64(value),
      headers: headers.map(([name, content]) => [name, toBase64(content)]),
    })),
  )
  await run('write', topic, JSON.stringify(shapes))
}

/** All committed records of each partition, as of now, by offset. */
export async function readWithJava(topic: string, partitions: number): Promise<readonly (readonly DecodedRecord[])[]> {
  const shapes = JSON.parse(await run('read', topic, '')) as readonly ReadShape[]
  return Array.from({ length: partitions }, (_, partition) =>
    shapes
      .filter((shape) => shape.partition === partition)
      .map(({ offset, timestamp, key, value, headers }) => ({
        offset,
        timestamp,
        key: toBytes(key),
        value: toBytes(value),
        headers: headers.map(([name, content]) => [name, toBytes(content)] as const),
      })),
  )
}

/** Makes the log of a compacted topic begin with a batch of two records that the broker has emptied. Resolves with the
 *  offsets that are left. */
export async function emptyFirstBatch(topic: string): Promise<readonly number[]> {
  return JSON.parse(await run('compact', topic, '')) as readonly number[]
}

interface ReadShape {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly (readonly [string, string | null])[]
}

const toBase64 = (bytes: Buffer | null): string | null => bytes && bytes.toString('base64')
const toBytes = (base64: string | null): Buffer | null => (base64 === null ? null : Buffer.from(base64, 'base64'))

async function run(command: string, topic: string, input: string): Promise<string> {
  const jars = await resolveKafkaJars({ env: process.env, onProgress: () => undefined })
  const options = [
    '-Xmx256m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
  ]
  const args = [...options, '-cp', jars.classPath.join(delimiter), program, command, kafkaBrokers().join(), topic]
  const child = spawn(jars.java.path, args)
  const closed = once(child, 'close')
  child.stdin.end(input)
  const [output, complaints] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code]: unknown[] = await closed
  if (code === 0) return output
  throw new Error(`the Java client could not ${command} (exit ${String(code)}): ${complaints.slice(-2_000)}`)
}
