// Jobs for AvroClient.java: Apache Avro's Java library reads what we write and writes what we read. Test support.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { resolveKafkaJars } from '../../src/demo/kafka-jars.ts'
import { mavenArtifact } from './maven-artifact.ts'

const program = fileURLToPath(new URL('./AvroClient.java', import.meta.url))

/** Class path of Apache Avro, and Kafka's own, which has the JSON library that it needs; and Java. */
export async function avroClassPath(): Promise<{ readonly java: string; readonly classPath: string }> {
  const jars = await resolveKafkaJars({ env: process.env, onProgress: () => undefined })
  const avro = await mavenArtifact('org.apache.avro:avro:1.12.0:jar', 'avro-1.12.0.jar')
  return { java: jars.java.path, classPath: [avro, ...jars.classPath].join(delimiter) }
}

/** Values, without magic byte and id, as Avro's own JSON, read by the reader's schema. */
export async function readWithJavaAvro(
  jobs: readonly { readonly writer: string; readonly reader: string; readonly value: Buffer }[],
): Promise<readonly unknown[]> {
  const answers = await run(jobs.map(({ writer, reader, value }) => ['read', writer, reader, value.toString('base64')]))
  return answers.map((line) => JSON.parse(line) as unknown)
}

/** Values given as Avro's own JSON, in bytes. */
export async function writeWithJavaAvro(
  jobs: readonly { readonly schema: string; readonly value: unknown }[],
): Promise<readonly Buffer[]> {
  const answers = await run(jobs.map(({ schema, value }) => ['write', schema, JSON.stringify(value)]))
  return answers.map((line) => Buffer.from(line, 'base64'))
}

async function run(jobs: readonly (readonly string[])[]): Promise<readonly string[]> {
  const { java, classPath } = await avroClassPath()
  const args = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-Dfile.encoding=UTF-8', '-cp', classPath, program]
  const child = spawn(java, args)
  const closed = once(child, 'close')
  child.stdin.end(jobs.map((words) => `${words.join('\t')}\n`).join(''))
  const [output, complaints] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code]: unknown[] = await closed
  if (code !== 0) throw new Error(`Java's Avro failed (exit ${String(code)}): ${complaints.slice(-2_000)}`)
  return output.trimEnd().split('\n')
}
