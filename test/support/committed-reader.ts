// All committed records of topics, read by Kafka's own Java client: an implementation that shares nothing with ours, so
// that it cannot share a mistake. In: jars, brokers, topics. Out: records one by one, in order within a partition.
// Test support.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { KafkaJars } from '../../src/demo/kafka-jars.ts'

export interface ReaderOptions {
  readonly jars: KafkaJars
  readonly brokers: readonly string[]
  readonly topics: readonly string[]
  /** Of so many topics, the first ones, the values are read too; 1 if absent. */
  readonly valuesOf?: number
  /** Those values as they are, beside their text. */
  readonly bytes?: boolean
  /** Longest wait for open transactions to end. */
  readonly openTransactionsMs: number
}

export interface CommittedRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly key: string | null
  /** Text of the header tb-src, `raw:3:17:0`; null where there is none. */
  readonly source: string | null
  /** Text of the header tb-mid. */
  readonly messageId: string | null
  /** Null on all topics but the first, or as many as `valuesOf` says. */
  readonly value: string | null
  /** The same, where `bytes` was asked for. */
  readonly bytes?: Buffer | null
}

/** `open`: a transaction was left open, and a read_committed reader waits before it for ever; where, in Java's words. */
export type ReadEnd = { readonly records: number } | { readonly open: string }

const program = fileURLToPath(new URL('./CommittedReader.java', import.meta.url))
const openTransactionCode = 3

/** Calls `take` for each record, topic by topic, and resolves with their number; with none of them when a transaction stays open. Rejects
 *  with what Java says when it cannot read. */
export async function readWithJava(options: ReaderOptions, take: (record: CommittedRecord) => void): Promise<ReadEnd> {
  const { jars, brokers, topics, openTransactionsMs, valuesOf = 1, bytes = false } = options
  const java = [
    '-Xmx384m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
    `-Dvalues=${valuesOf}`,
  ]
  const args = [...java, '-cp', jars.classPath.join(delimiter), program, brokers.join(), String(openTransactionsMs)]
  const child = spawn(jars.java.path, [...args, ...topics], { stdio: ['ignore', 'pipe', 'pipe'] })
  const complaints: string[] = []
  createInterface(child.stderr).on('line', (line) => complaints.push(line))
  let count = 0
  let told: number | undefined
  createInterface(child.stdout).on('line', (line) => {
    const parts = line.split('\t')
    if (parts[0] === 'end') told = Number(parts[1])
    else {
      count++
      const record = toRecord(parts, topics)
      take(bytes ? { ...record, bytes: bytesOf(parts[8]) } : record)
    }
  })
  const [code]: unknown[] = await once(child, 'close')
  if (code === openTransactionCode) return { open: complaints.join('; ') }
  if (code === 0 && told === count) return { records: count }
  throw new Error(
    `the Java reader ended with ${String(code)} after ${count} records: ${complaints.slice(-5).join(' | ')}`,
  )
}

function toRecord(parts: readonly string[], topics: readonly string[]): CommittedRecord {
  const [, topic, partition, offset, timestamp, key = '-', source = '-', messageId = '-', value = '-'] = parts
  return {
    topic: topics[Number(topic)] ?? '',
    partition: Number(partition),
    offset: Number(offset),
    timestamp: Number(timestamp),
    key: decoded(key),
    source: source === '-' ? null : source,
    messageId: messageId === '-' ? null : messageId,
    value: decoded(value),
  }
}

const bytesOf = (text = '-'): Buffer | null => (text === '-' ? null : Buffer.from(text, 'base64'))
const decoded = (text: string): string | null => bytesOf(text)?.toString() ?? null
