// Every fault trackbridge can name. The reaction says what the engine does next, so retry policy is read, not guessed.
// Expected things (unsupported, invalid, a refused message) are values, not errors: see translate/ and sink/verdict.ts.

/** What the caller does next. `refuse`: exit 2 before anything is touched. `retry`: the record is not at fault, back off.
 *  `reopen`: drop the task, the new owner has it. `stop`: never skip. */
export type Reaction = 'refuse' | 'retry' | 'reopen' | 'stop'

export const errorCodes = {
  TB_CONFIG_INVALID: { reaction: 'refuse', meaning: 'the configuration has faults; all of them are listed at once' },
  TB_CONFIG_UNREADABLE: { reaction: 'refuse', meaning: 'the configuration file cannot be read or is not YAML or JSON' },
  TB_INPUT_UNREADABLE: { reaction: 'refuse', meaning: 'an input file cannot be read' },
  TB_USAGE: { reaction: 'refuse', meaning: 'the command line is wrong' },
  TB_TOPIC_MISSING: { reaction: 'refuse', meaning: 'a topic does not exist or has too few partitions' },
  TB_KAFKA_UNAVAILABLE: { reaction: 'retry', meaning: 'Kafka does not answer or answers with a passing fault' },
  TB_KAFKA_TOO_LARGE: { reaction: 'retry', meaning: 'a record batch is larger than the topic accepts; it is split' },
  TB_KAFKA_UNAUTHORIZED: { reaction: 'stop', meaning: 'Kafka denies access; the ACLs or credentials need mending' },
  TB_KAFKA_FENCED: {
    reaction: 'reopen',
    meaning: 'another owner has taken the partition or the producer epoch is old',
  },
  TB_KAFKA_REBALANCED: { reaction: 'reopen', meaning: 'the consumer group has moved on while the work was under way' },
  TB_KAFKA_FATAL: { reaction: 'stop', meaning: 'Kafka refuses the request for good' },
  TB_DEAD_LETTER_REFUSED: {
    reaction: 'stop',
    meaning: 'the dead-letter topic does not take a record; nothing is skipped',
  },
  TB_DEAD_LETTER_SHARE: {
    reaction: 'stop',
    meaning: 'more raw records than deadLetters.maxShare allows would become dead letters',
  },
  TB_REGISTRY_UNAVAILABLE: {
    reaction: 'retry',
    meaning: 'the schema registry does not answer, or with a fault; no record is at fault',
  },
  TB_SCHEMA_MISSING: { reaction: 'refuse', meaning: 'a schema that is to be written is not in the schema registry' },
  TB_SCHEMA_INCOMPATIBLE: { reaction: 'refuse', meaning: 'the schema registry does not take a schema' },
  TB_DEMO_UNAVAILABLE: { reaction: 'refuse', meaning: 'no Kafka can be started here; says what to install' },
  TB_WORKER_FAILED: { reaction: 'stop', meaning: 'a worker process ends again and again, soon after its start' },
  TB_BUG: { reaction: 'stop', meaning: 'an invariant of trackbridge is broken; please report it' },
} as const satisfies Record<`TB_${string}`, { reaction: Reaction; meaning: string }>

export type ErrorCode = keyof typeof errorCodes

/** Where it happened. Never payloads, never secrets. */
export type ErrorContext = Readonly<
  Partial<
    Record<'topic' | 'destination' | 'messageId' | 'path' | 'kafkaError', string> &
      Record<'partition' | 'offset', number>
  >
>

/** The one error class. `message` names the thing, what was found and what is allowed. */
export class TrackbridgeError extends Error {
  override readonly name = 'TrackbridgeError'
  readonly code: ErrorCode
  readonly reaction: Reaction
  readonly context: ErrorContext

  constructor(code: ErrorCode, message: string, options: { context?: ErrorContext; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.reaction = errorCodes[code].reaction
    this.context = options.context ?? {}
  }
}
