import type { LogEntry } from 'kafkajs'
import { expect, test } from 'vitest'
import { createLogCreator } from '../../src/kafka/kafkajs-log.ts'
import { logLevel } from '../../src/kafka/kafkajs.ts'
import { createRecordingLog } from '../support/recording-log.ts'

const entry = (label: string, message: string, extra: object = {}): LogEntry => ({
  namespace: 'Connection',
  level: logLevel.ERROR,
  label,
  log: { timestamp: 't', message, ...extra },
})

test.each([
  { label: 'ERROR', message: 'The disk of the broker is full', level: 'warn' },
  { label: 'ERROR', message: 'Response Heartbeat(key: 12, version: 3)', level: 'debug' },
  { label: 'ERROR', message: 'The group is rebalancing, so a rejoin is needed', level: 'debug' },
  { label: 'ERROR', message: 'Crash: KafkaJSError: it broke', level: 'debug' },
  { label: 'WARN', message: 'Limiting retries for the idempotent producer', level: 'debug' },
  { label: 'INFO', message: 'Consumer has joined the group', level: 'debug' },
] as const)('$label "$message" is a $level line', ({ label, message, level }) => {
  const { log, lines } = createRecordingLog()
  createLogCreator(log)(logLevel.INFO)(entry(label, message))
  expect(lines.map((line) => [line.level, line.fields])).toEqual([
    [level, { from: 'kafkajs Connection', said: message }],
  ])
})

test('named fields are kept; stacks, payloads and everything else are not', () => {
  const { log, lines } = createRecordingLog()
  const named = { broker: 'kafka:9092', topic: 'raw', partition: 3, groupId: 'g', error: 'why' }
  const extra = { ...named, stack: 'Error\n at x', payload: { password: 'secret' } }
  createLogCreator(log)(logLevel.INFO)(entry('ERROR', 'odd\n at somewhere', extra))
  expect(lines).toEqual([
    {
      level: 'warn',
      fields: {
        from: 'kafkajs Connection',
        said: 'odd',
        broker: 'kafka:9092',
        topic: 'raw',
        partition: 3,
        group: 'g',
        error: 'why',
      },
      message: 'the Kafka client reports a fault',
    },
  ])
})

test('whoever listens sees every entry', () => {
  const seen: string[] = []
  const write = createLogCreator(createRecordingLog().log, ({ log }) => seen.push(log.message))(logLevel.INFO)
  write(entry('INFO', 'one'))
  write(entry('ERROR', 'two'))
  expect(seen).toEqual(['one', 'two'])
})
