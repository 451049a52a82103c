// What Kafka's error codes mean to us: a row per code with our error code, what is said and what to look at.
// Data only; kafkajs-errors.ts finds the code in what kafkajs throws.
import type { ErrorCode } from '../errors.ts'

export interface KafkaFault {
  readonly code: ErrorCode
  /** Follows "cannot <what was tried>: ". */
  readonly text: string
}

const acls = 'look at the ACLs of the configured user'
const retried = (what: string): KafkaFault => ({ code: 'TB_KAFKA_UNAVAILABLE', text: `${what}; this passes by itself` })
const refused = (what: string): KafkaFault => ({ code: 'TB_KAFKA_FATAL', text: what })
const denied = (what: string): KafkaFault => ({ code: 'TB_KAFKA_UNAUTHORIZED', text: what })
const rebalanced: KafkaFault = {
  code: 'TB_KAFKA_REBALANCED',
  text: 'the consumer group has moved on without this member',
}
const fenced: KafkaFault = {
  code: 'TB_KAFKA_FENCED',
  text: 'a newer owner of the same transactional id has taken over, or the transaction has timed out',
}

/** Faults by Kafka's name of the error code, e.g. `faultsByType.MESSAGE_TOO_LARGE.code` is `TB_KAFKA_TOO_LARGE`. */
export const faultsByType: Readonly<Record<string, KafkaFault>> = {
  INVALID_PRODUCER_EPOCH: fenced,
  PRODUCER_FENCED: fenced,
  TRANSACTION_COORDINATOR_FENCED: fenced,
  INVALID_PRODUCER_ID_MAPPING: {
    code: 'TB_KAFKA_FENCED',
    text: 'the brokers have forgotten this transactional id (unused for transactional.id.expiration.ms), or it is taken over',
  },
  REBALANCE_IN_PROGRESS: rebalanced,
  ILLEGAL_GENERATION: rebalanced,
  UNKNOWN_MEMBER_ID: rebalanced,
  FENCED_INSTANCE_ID: rebalanced,
  FENCED_MEMBER_EPOCH: rebalanced,
  STALE_MEMBER_EPOCH: rebalanced,
  MESSAGE_TOO_LARGE: {
    code: 'TB_KAFKA_TOO_LARGE',
    text: "the batch is larger than the topic's max.message.bytes or the broker's message.max.bytes",
  },
  RECORD_LIST_TOO_LARGE: { code: 'TB_KAFKA_TOO_LARGE', text: "the batch is larger than the topic's segment.bytes" },
  TOPIC_AUTHORIZATION_FAILED: denied(
    `access to the topic is denied; ${acls}: Read where it consumes, Write where it produces`,
  ),
  GROUP_AUTHORIZATION_FAILED: denied(`access to the consumer group is denied; ${acls}: Read on the group`),
  CLUSTER_AUTHORIZATION_FAILED: denied(
    `access to the cluster is denied; ${acls}: Write on the topics that it produces to`,
  ),
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: denied(
    `access to the transactional id is denied; ${acls}: Write on transactional ids with the configured prefix`,
  ),
  SASL_AUTHENTICATION_FAILED: denied('the credentials are refused; look at the SASL mechanism, user name and password'),
  UNSUPPORTED_SASL_MECHANISM: denied(
    'the brokers have not enabled this SASL mechanism; look at sasl.enabled.mechanisms',
  ),
  ILLEGAL_SASL_STATE: denied(
    'the broker did not expect this SASL exchange; look at the listener and the SASL settings',
  ),
  SECURITY_DISABLED: denied('the brokers have no authorizer'),
  UNKNOWN_TOPIC_OR_PARTITION: {
    code: 'TB_KAFKA_UNAVAILABLE',
    text: 'a topic or partition does not exist, or may not be described; create the topics, or look at the ACLs',
  },
  CONCURRENT_TRANSACTIONS: retried('the last transaction of this id is still ending'),
  INVALID_TXN_STATE: retried('the transaction has ended on the broker'),
  TRANSACTION_ABORTABLE: retried('the broker wants the transaction aborted'),
  OUT_OF_ORDER_SEQUENCE_NUMBER: retried('the broker has lost the thread of this producer'),
  UNKNOWN_PRODUCER_ID: retried('the broker has lost the state of this producer'),
  THROTTLING_QUOTA_EXCEEDED: retried('a quota is used up'),
  NOT_COORDINATOR_FOR_GROUP: retried('the coordinator has moved'),
  GROUP_COORDINATOR_NOT_AVAILABLE: retried('there is no coordinator yet'),
  GROUP_LOAD_IN_PROGRESS: retried('the coordinator is still loading'),
  UNKNOWN_TOPIC_ID: retried('the topic was made anew'),
  NOT_ENOUGH_REPLICAS: retried('fewer replicas are in sync than min.insync.replicas asks for'),
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: retried('fewer replicas are in sync than min.insync.replicas asks for'),
  INVALID_TRANSACTION_TIMEOUT: refused("the transaction timeout is above the brokers' transaction.max.timeout.ms"),
  INVALID_SESSION_TIMEOUT: refused(
    "the session timeout is outside the brokers' group.min.session.timeout.ms and group.max.session.timeout.ms",
  ),
  INVALID_TOPIC_EXCEPTION: refused('the topic name is not valid'),
  INVALID_TIMESTAMP: refused(
    "a record's timestamp is outside the topic's message.timestamp.before.max.ms and after.max.ms",
  ),
  INVALID_RECORD: refused('the broker does not take a record of the batch'),
  UNSUPPORTED_COMPRESSION_TYPE: refused('the brokers do not know the configured compression'),
  UNSUPPORTED_VERSION: refused('the brokers do not support this request; Kafka 2.5 or newer is needed'),
  TOPIC_ALREADY_EXISTS: refused('the topic exists already'),
  INVALID_PARTITIONS: refused('the number of partitions is not valid'),
  INVALID_REPLICATION_FACTOR: refused('the replication factor is larger than the number of brokers, or not valid'),
  INVALID_CONFIG: refused('a topic setting is not valid'),
  POLICY_VIOLATION: refused("the cluster's policy forbids it"),
  INCONSISTENT_GROUP_PROTOCOL: refused('the group is in use by consumers of another kind'),
}

/** Names of the codes above 88, which kafkajs 2.2.4 knows by number only and has in its message text. */
export const typesByNumber: Readonly<Record<number, string>> = {
  89: 'THROTTLING_QUOTA_EXCEEDED',
  90: 'PRODUCER_FENCED',
  100: 'UNKNOWN_TOPIC_ID',
  110: 'FENCED_MEMBER_EPOCH',
  113: 'STALE_MEMBER_EPOCH',
  120: 'TRANSACTION_ABORTABLE',
}

/** Faults by the name of the error object, for those that bear no code of Kafka's. */
export const faultsByName: Readonly<Record<string, KafkaFault>> = {
  KafkaJSSASLAuthenticationError: denied(
    'the credentials are refused; look at the SASL mechanism, user name and password',
  ),
  KafkaJSGroupCoordinatorNotFound: {
    code: 'TB_KAFKA_UNAVAILABLE',
    text: 'group or transactional id not authorised, or no coordinator; look at the ACLs (Read on the group, Write on the transactional id), then at the brokers',
  },
  KafkaJSConnectionClosedError: {
    code: 'TB_KAFKA_UNAVAILABLE',
    text: 'the broker closed the connection; if it always does, look at TLS and SASL: they must fit the listener',
  },
  KafkaJSRequestTimeoutError: { code: 'TB_KAFKA_UNAVAILABLE', text: 'the broker did not answer in time' },
  KafkaJSServerDoesNotSupportApiKey: refused('the brokers do not support this request; Kafka 2.5 or newer is needed'),
  KafkaJSNotImplemented: refused('the Kafka client cannot read what stands on the topic'),
}
