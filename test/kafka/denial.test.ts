import { expect, test } from 'vitest'
import { onCluster, onGroup, onTopic, onTransactionalIds } from '../../src/kafka/access.ts'
import { missingAccess, needing, needsOf, withNeeds, type Needs } from '../../src/kafka/denial.ts'
import { toTrackbridgeError } from '../../src/kafka/kafkajs-errors.ts'
import { errorOfCode } from '../../src/kafka/kafkajs.ts'
import { testIdentity } from './scripted-cluster.ts'

const access = [onTopic('Read', 'raw'), onTopic('Write', 'out'), onGroup('Read', 'g'), onTransactionalIds('g')]
const needs: Needs = { identity: testIdentity, access }

test.each([
  ['TOPIC_AUTHORIZATION_FAILED', ['out'], [access[1]]],
  ['TOPIC_AUTHORIZATION_FAILED', [], [access[0], access[1]]],
  ['TOPIC_AUTHORIZATION_FAILED', ['unheard of'], [access[0], access[1]]],
  ['GROUP_AUTHORIZATION_FAILED', [], [access[2]]],
  ['TRANSACTIONAL_ID_AUTHORIZATION_FAILED', [], [access[3]]],
  ['REQUEST_TIMED_OUT', [], []],
])('%s about %j can be a want of %j', (kafkaError, topics, missing) => {
  expect(missingAccess(needs, kafkaError, topics)).toEqual(missing)
})

test('what is denied on the cluster is the right on it where the call needs one, else one to write', () => {
  const both = { ...needs, access: [...access, onCluster('DescribeConfigs')] }
  const missing = [both, needs].map((one) => missingAccess(one, 'CLUSTER_AUTHORIZATION_FAILED', []))
  expect(missing).toEqual([[onCluster('DescribeConfigs')], [access[0], access[1]]])
})

test('what a call needs is remembered with its error, and the call that is nearest to it knows best', async () => {
  const error = new Error('denied')
  const inner: Needs = { identity: testIdentity, access: [onGroup('Read', 'inner')] }
  const failing = needing(needs, () => needing(inner, () => Promise.reject(error)))
  await expect(failing).rejects.toBe(error)
  const wrapped = withNeeds(new Error('wrapped', { cause: error }), needs)
  expect([needsOf([error]), needsOf([wrapped, error]), needsOf([new Error('other')])]).toEqual([
    inner,
    inner,
    undefined,
  ])
})

test('what settles well is handed on', async () => {
  expect(await needing(needs, () => Promise.resolve(7))).toBe(7)
})

test('a denial names the right, the principal and the command', () => {
  const denied = withNeeds(Object.assign(errorOfCode(29), { topic: 'out' }), needs)
  const { code, message } = toTrackbridgeError(denied, 'write')
  expect([code, message]).toEqual([
    'TB_KAFKA_UNAUTHORIZED',
    'cannot write: Write on the topic "out" is denied to User:tester (as configured); grant it with: ' +
      'kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal User:tester --operation Write --topic out ' +
      '(TOPIC_AUTHORIZATION_FAILED)',
  ])
})
