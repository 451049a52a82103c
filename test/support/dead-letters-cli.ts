// Dead letters on a broker in memory, and the command line over them. Test support.
import { expect, onTestFinished } from 'vitest'
import { configFile, runCommand } from '../cli/run/run-command.ts'
import { identify, letterOf } from './letters-in-memory.ts'
import { createMemoryBroker, type MemoryBroker } from './memory-broker.ts'

const document = {
  kafka: { brokers: 'a:9092' },
  raw: { topic: 'raw' },
  destinations: [{ name: 'main', topic: 'main', sink: { apiKey: 'k' } }],
  deadLetters: { topic: 'dlq' },
  unsupported: { topic: 'unsupported' },
}

/** Topic `dlq` with four letters, three of persons `42` and one of `7`, and a stranger. */
export function cluster(): MemoryBroker {
  const broker = createMemoryBroker()
  const settings = { 'message.timestamp.type': 'LogAppendTime', 'retention.ms': '3600000', 'segment.ms': '604800000' }
  for (const topic of ['raw', 'main', 'dlq', 'unsupported']) broker.createTopic(topic, 2, settings)
  const nobody = { ...identify, identifiers: {} }
  broker.append([
    letterOf(identify, { raw: { offset: 1 } }),
    letterOf(nobody, {
      reason: 'invalid',
      field: 'identifiers',
      message: 'identifiers \u001b[31m',
      raw: { offset: 2 },
    }),
    letterOf(identify, { raw: { offset: 3 } }),
    letterOf(
      { type: 'identify', userId: '7', messageId: 'm' },
      {
        stage: 'sink',
        destination: 'main',
        reason: 'rejected',
        answer: { status: 400, body: '{"error":"no"}' },
        raw: { topic: 'main', partition: 1, offset: 9, key: Buffer.from('7'), headers: [['tb-mid', Buffer.from('m')]] },
      },
    ),
    { topic: 'dlq', partition: 0, value: 'what is this' },
  ])
  onTestFinished(() => expect(broker.open()).toBe(0))
  return broker
}

/** `dead-letters ...` */
export const run = (broker: MemoryBroker, ...argv: readonly string[]) =>
  runCommand(['dead-letters', ...argv, '--config', configFile(document)], { createBroker: async () => broker })

type Line = Readonly<Record<string, unknown>>

/** What `export` prints. */
export async function exported(broker: MemoryBroker, ...argv: readonly string[]): Promise<readonly Line[]> {
  const { exitCode, stdout } = await run(broker, 'export', ...argv)
  expect(exitCode).toBe(0)
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line]))
}
