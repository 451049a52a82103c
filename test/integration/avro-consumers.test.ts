import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { messageEncoder } from '../../src/schemas/message-value.ts'
import { ownSchema } from '../../src/schemas/own-schemas.ts'
import { messageText } from '../../src/translate/message-text.ts'
import type { Message } from '../../src/translate/message.ts'
import { avroClassPath } from '../support/avro-client.ts'
import { createTopics, kafkaBrokers, produceRaw, randomName } from '../support/kafka.ts'
import { startRegistryStub } from '../support/registry-stub.ts'

const example = (name: string): string => fileURLToPath(new URL(`../../deploy/examples/${name}`, import.meta.url))
// Another Python than the one on the path, e.g. of a virtual environment that has the packages.
const python = process.env['PYTHON'] ?? 'python3'
const hasPython = canRun(python, ['-c', 'import confluent_kafka, fastavro'])

function canRun(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const time = '2026-11-21T10:00:00.000Z'
const messages = ['42', 'Zoë 😀', 'x'.repeat(500)].map((userId, index): Message => {
  const times = { timestamp: time, originalTimestamp: time, sentAt: time, receivedAt: time }
  const context = { journeys: { identifiers: { id: userId } } }
  return { type: 'track', messageId: `m${index}`, userId, event: 'e', ...times, context, integrations: {} }
})
const lines = messages.map((one) => ['track', one.messageId, one.userId, messageText(one)].join('\t'))

async function fill() {
  const registry = await startRegistryStub()
  onTestFinished(() => registry.close())
  const topic = randomName('messages')
  await createTopics({ [topic]: 1 })
  const encode = messageEncoder(registry.put(`${topic}-value`, ownSchema('PipelinesMessage')), 'main')
  await produceRaw(
    topic,
    messages.map((one) => ({ key: one.userId ?? null, value: encode(one, one.integrations, undefined) })),
  )
  return [kafkaBrokers().join(), registry.url, topic, randomName('consumer'), String(messages.length)]
}

async function linesOf(program: string, args: readonly string[]): Promise<readonly string[]> {
  const child = spawn(program, args)
  onTestFinished(() => void child.kill('SIGKILL'))
  const closed = once(child, 'close')
  const [output, complaints] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code]: unknown[] = await closed
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}: ${complaints.slice(-2_000)}`)
  return output.trimEnd().split('\n')
}

test('the example in Java reads every message of a topic', async () => {
  const { java, classPath } = await avroClassPath()
  const options = [
    '-Dfile.encoding=UTF-8',
    '-Dstdout.encoding=UTF-8',
    '-cp',
    classPath,
    example('PipelinesConsumer.java'),
  ]
  expect(await linesOf(java, [...options, ...(await fill())])).toEqual(lines)
})

// A skipped test fails a run: where Python and its packages are missing there is none.
if (hasPython)
  test('the example in Python reads every message of a topic', async () => {
    expect(await linesOf(python, [example('pipelines_consumer.py'), ...(await fill())])).toEqual(lines)
  })
