import { createRequire } from 'node:module'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { errorCodes, TrackbridgeError, type ErrorCode } from '../../src/errors.ts'
import { faultsByType } from '../../src/kafka/kafka-faults.ts'
import { deathReason, kafkaErrorType, toTrackbridgeError } from '../../src/kafka/kafkajs-errors.ts'

const load = createRequire(import.meta.url)
type Constructor = new (...parts: readonly unknown[]) => Error
const kafkajsErrors = load('kafkajs/src/errors') as Record<string, Constructor>
const { createErrorFromCode, errorCodes: kafkajsCodes } = load('kafkajs/src/protocol/error') as {
  createErrorFromCode: (code: number) => Error
  errorCodes: readonly { readonly type: string }[]
}

const make = (name: string, ...parts: readonly unknown[]): Error => new kafkajsErrors[name]!(...parts)
const retried = (cause: Error): Error => make('KafkaJSNumberOfRetriesExceeded', cause, { retryCount: 5, retryTime: 1 })
const bailed = (cause: Error): Error => make('KafkaJSNonRetriableError', cause, { cause })

const protocolRows: readonly (readonly [number, string, ErrorCode])[] = [
  [3, 'UNKNOWN_TOPIC_OR_PARTITION', 'TB_KAFKA_UNAVAILABLE'],
  [6, 'NOT_LEADER_FOR_PARTITION', 'TB_KAFKA_UNAVAILABLE'],
  [10, 'MESSAGE_TOO_LARGE', 'TB_KAFKA_TOO_LARGE'],
  [14, 'GROUP_LOAD_IN_PROGRESS', 'TB_KAFKA_UNAVAILABLE'],
  [15, 'GROUP_COORDINATOR_NOT_AVAILABLE', 'TB_KAFKA_UNAVAILABLE'],
  [16, 'NOT_COORDINATOR_FOR_GROUP', 'TB_KAFKA_UNAVAILABLE'],
  [18, 'RECORD_LIST_TOO_LARGE', 'TB_KAFKA_TOO_LARGE'],
  [22, 'ILLEGAL_GENERATION', 'TB_KAFKA_REBALANCED'],
  [25, 'UNKNOWN_MEMBER_ID', 'TB_KAFKA_REBALANCED'],
  [27, 'REBALANCE_IN_PROGRESS', 'TB_KAFKA_REBALANCED'],
  [29, 'TOPIC_AUTHORIZATION_FAILED', 'TB_KAFKA_UNAUTHORIZED'],
  [30, 'GROUP_AUTHORIZATION_FAILED', 'TB_KAFKA_UNAUTHORIZED'],
  [31, 'CLUSTER_AUTHORIZATION_FAILED', 'TB_KAFKA_UNAUTHORIZED'],
  [33, 'UNSUPPORTED_SASL_MECHANISM', 'TB_KAFKA_UNAUTHORIZED'],
  [42, 'INVALID_REQUEST', 'TB_KAFKA_FATAL'],
  [45, 'OUT_OF_ORDER_SEQUENCE_NUMBER', 'TB_KAFKA_UNAVAILABLE'],
  [47, 'INVALID_PRODUCER_EPOCH', 'TB_KAFKA_FENCED'],
  [48, 'INVALID_TXN_STATE', 'TB_KAFKA_UNAVAILABLE'],
  [49, 'INVALID_PRODUCER_ID_MAPPING', 'TB_KAFKA_FENCED'],
  [50, 'INVALID_TRANSACTION_TIMEOUT', 'TB_KAFKA_FATAL'],
  [51, 'CONCURRENT_TRANSACTIONS', 'TB_KAFKA_UNAVAILABLE'],
  [53, 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'TB_KAFKA_UNAUTHORIZED'],
  [58, 'SASL_AUTHENTICATION_FAILED', 'TB_KAFKA_UNAUTHORIZED'],
  [59, 'UNKNOWN_PRODUCER_ID', 'TB_KAFKA_UNAVAILABLE'],
  [76, 'UNSUPPORTED_COMPRESSION_TYPE', 'TB_KAFKA_FATAL'],
  [90, 'PRODUCER_FENCED', 'TB_KAFKA_FENCED'],
  [113, 'STALE_MEMBER_EPOCH', 'TB_KAFKA_REBALANCED'],
  [120, 'TRANSACTION_ABORTABLE', 'TB_KAFKA_UNAVAILABLE'],
  [999, 'CODE_999', 'TB_KAFKA_FATAL'],
]

describe.each(protocolRows)('Kafka error code %i', (number, type, code) => {
  const thrown = createErrorFromCode(number)

  test.each([
    { wrapped: 'bare', error: thrown },
    { wrapped: 'under exhausted retries', error: retried(thrown) },
    { wrapped: 'under a non-retriable error', error: bailed(retried(thrown)) },
    { wrapped: 'in an aggregate', error: make('KafkaJSAggregateError', 'errors', [thrown]) },
  ])(`is ${code}, $wrapped`, ({ error }) => {
    const ours = toTrackbridgeError(error, 'do it')
    expect({ code: ours.code, cause: ours.cause, context: ours.context }).toEqual({
      code,
      cause: error,
      context: { kafkaError: type },
    })
    expect(ours.message).toMatch(new RegExp(`^cannot do it: .+ \\(${type}\\)$`))
    expect(kafkaErrorType(error)).toBe(type)
  })
})

const namedRows: readonly {
  readonly name: string
  readonly error: unknown
  readonly code: ErrorCode
  readonly message: string
}[] = [
  {
    name: 'a refused password',
    error: retried(make('KafkaJSSASLAuthenticationError', 'SASL PLAIN authentication failed: wrong')),
    code: 'TB_KAFKA_UNAUTHORIZED',
    message:
      'cannot do it: the credentials are refused; look at the SASL mechanism, user name and password ' +
      '(KafkaJSSASLAuthenticationError)',
  },
  {
    name: 'a coordinator that is not found',
    error: bailed(make('KafkaJSGroupCoordinatorNotFound', 'Failed to find group coordinator')),
    code: 'TB_KAFKA_UNAVAILABLE',
    message:
      'cannot do it: group or transactional id not authorised, or no coordinator; look at the ACLs (Read on the group, ' +
      'Write on the transactional id), then at the brokers (KafkaJSGroupCoordinatorNotFound)',
  },
  {
    name: 'a connection that the broker closes',
    error: retried(make('KafkaJSConnectionClosedError', 'Closed connection', { host: 'kafka', port: 9092 })),
    code: 'TB_KAFKA_UNAVAILABLE',
    message:
      'cannot do it: the broker closed the connection; if it always does, look at TLS and SASL: they must fit the ' +
      'listener (KafkaJSConnectionClosedError)',
  },
  {
    name: 'a certificate that is not trusted',
    error: retried(
      make('KafkaJSConnectionError', 'Connection error: unable to verify the first certificate', {
        broker: 'kafka:9093',
        code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      }),
    ),
    code: 'TB_KAFKA_UNAUTHORIZED',
    message:
      "cannot do it: the broker's certificate is from an authority that is not known here: name it in kafka.ssl.ca or " +
      'caFile (UNABLE_TO_VERIFY_LEAF_SIGNATURE)',
  },
  {
    name: 'a client certificate that the broker refuses',
    error: make(
      'KafkaJSConnectionError',
      'Connection error: 40:error:0A000412:SSL routines::sslv3 alert bad certificate',
    ),
    code: 'TB_KAFKA_UNAUTHORIZED',
    message:
      'cannot do it: the broker demands a certificate of ours, or refuses the one it got: set or renew cert and key, or ' +
      'certFile and keyFile, of kafka.ssl (bad certificate)',
  },
  {
    name: 'a broker that is not there',
    error: retried(
      make('KafkaJSConnectionError', 'Connection error: connect ECONNREFUSED', {
        broker: 'kafka:9092',
        code: 'ECONNREFUSED',
      }),
    ),
    code: 'TB_KAFKA_UNAVAILABLE',
    message: 'cannot do it: Connection error: connect ECONNREFUSED (broker kafka:9092) (ECONNREFUSED)',
  },
  {
    name: 'a request without an answer',
    error: retried(make('KafkaJSRequestTimeoutError', 'Request Produce(key: 0, version: 7) timed out', {})),
    code: 'TB_KAFKA_UNAVAILABLE',
    message: 'cannot do it: the broker did not answer in time (KafkaJSRequestTimeoutError)',
  },
  {
    name: 'a fault inside of kafkajs',
    error: bailed(new TypeError('Cannot read properties of undefined')),
    code: 'TB_KAFKA_UNAVAILABLE',
    message: 'cannot do it: Cannot read properties of undefined (TypeError)',
  },
  {
    name: 'a thrown text',
    error: 'odd',
    code: 'TB_KAFKA_UNAVAILABLE',
    message: 'cannot do it: odd (unknown)',
  },
  {
    name: 'topics that exist already',
    error: make('KafkaJSAggregateError', 'Topic creation errors', [
      make('KafkaJSCreateTopicError', createErrorFromCode(36), 'raw'),
      make('KafkaJSCreateTopicError', createErrorFromCode(36), 'out'),
    ]),
    code: 'TB_KAFKA_FATAL',
    message: 'cannot do it: the topic exists already (TOPIC_ALREADY_EXISTS) [raw, out]',
  },
]

test.each(namedRows)('$name is said in words', ({ error, code, message }) => {
  const ours = toTrackbridgeError(error, 'do it')
  expect([ours.code, ours.message]).toEqual([code, message])
})

test('an error of ours passes unchanged, also from within one of kafkajs', () => {
  const ours = new TrackbridgeError('TB_BUG', 'a record has no partition')
  expect(toTrackbridgeError(ours, 'do it')).toBe(ours)
  expect(toTrackbridgeError(retried(ours), 'do it')).toBe(ours)
})

test('the context is kept beside the name of the error', () => {
  const { context } = toTrackbridgeError(createErrorFromCode(47), 'do it', { topic: 'raw', partition: 3, offset: 7 })
  expect(context).toEqual({ topic: 'raw', partition: 3, offset: 7, kafkaError: 'INVALID_PRODUCER_EPOCH' })
})

test('errors that cause one another in a circle are no trap', () => {
  const first = new Error('first')
  const second = new Error('second', { cause: first })
  first.cause = second
  expect(toTrackbridgeError(first, 'do it').message).toBe('cannot do it: second (Error)')
})

test('law: anything can be thrown', () => {
  fc.assert(
    fc.property(fc.anything(), (thrown) => {
      expect(toTrackbridgeError(thrown, 'do it').code.startsWith('TB_')).toBe(true)
    }),
  )
})

const newTypes = [
  'PRODUCER_FENCED',
  'FENCED_MEMBER_EPOCH',
  'STALE_MEMBER_EPOCH',
  'TRANSACTION_ABORTABLE',
  'THROTTLING_QUOTA_EXCEEDED',
  'UNKNOWN_TOPIC_ID',
]

test('every row of the table is a name that kafkajs or the list of newer codes knows', () => {
  const known = new Set([...kafkajsCodes.map(({ type }) => type), ...newTypes])
  expect(Object.keys(faultsByType).filter((type) => !known.has(type))).toEqual([])
})

test.each([
  ['TB_KAFKA_FENCED', 'fenced'],
  ['TB_KAFKA_REBALANCED', 'rebalanced'],
  ['TB_KAFKA_TOO_LARGE', 'too-large'],
  ['TB_KAFKA_UNAVAILABLE', 'transient'],
  ['TB_KAFKA_UNAUTHORIZED', 'fatal'],
  ['TB_KAFKA_FATAL', 'fatal'],
  ['TB_BUG', 'fatal'],
] as const)('a session that dies of %s is %s', (code, reason) => {
  expect(Object.keys(errorCodes)).toContain(code)
  expect(deathReason(new TrackbridgeError(code, 'why'))).toBe(reason)
})
