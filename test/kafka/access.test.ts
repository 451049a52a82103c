import { expect, test } from 'vitest'
import {
  accessText,
  adminTool,
  denialText,
  grantCommand,
  onCluster,
  onGroup,
  onTopic,
  onTransactionalIds,
} from '../../src/kafka/access.ts'

const identity = { principal: () => 'User:alice', tool: '--bootstrap-server kafka:9092' }

test.each([
  [
    onTopic('Read', 'raw'),
    'Read on the topic "raw"',
    'kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal User:alice --operation Read --topic raw',
  ],
  [
    onGroup('Read', 'tb.process'),
    'Read on the group "tb.process"',
    'kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal User:alice --operation Read --group tb.process',
  ],
  [
    onTransactionalIds('tb.process'),
    'Write on the transactional ids that begin with "tb.process."',
    'kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal User:alice --operation Write --transactional-id tb.process. --resource-pattern-type prefixed',
  ],
  [
    onCluster('DescribeConfigs'),
    'DescribeConfigs on the cluster',
    'kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal User:alice --operation DescribeConfigs --cluster',
  ],
] as const)('%o is said and granted', (access, text, command) => {
  expect([accessText(access), grantCommand(access, identity)]).toEqual([text, command])
})

test('a principal with blanks or quotes is one word of the command', () => {
  const named = { ...identity, principal: () => "User:CN=o'neil inc,O=dev" }
  expect(grantCommand(onTopic('Write', 'out'), named)).toBe(
    String.raw`kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal 'User:CN=o'\''neil inc,O=dev' --operation Write --topic out`,
  )
})

test('an unknown principal is left to be filled in', () => {
  expect(denialText([onTopic('Read', 'raw')], { ...identity, principal: () => undefined })).toBe(
    'Read on the topic "raw" is denied to the principal of this connection; grant it with: ' +
      'kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal User:NAME --operation Read --topic raw',
  )
})

test('of several rights one is missing, and each has its command on a line', () => {
  expect(denialText([onTopic('Write', 'a'), onTopic('Write', 'b')], identity)).toBe(
    'Write on the topic "a", or Write on the topic "b" is denied to User:alice (as configured); grant it with:\n' +
      '  kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal User:alice --operation Write --topic a\n' +
      '  kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal User:alice --operation Write --topic b',
  )
})

test('tools need a file of their own where the cluster is secured', () => {
  expect([true, false].map((isSecured) => adminTool({ brokers: ['a:1', 'b:2'], isSecured }))).toEqual([
    '--bootstrap-server a:1,b:2 --command-config admin.properties',
    '--bootstrap-server a:1,b:2',
  ])
})
