// At-least-once session: idempotent producer, and the source offset committed through the consumer after the
// acknowledgements (spec kafka.md, "delivery: at-least-once"). Fences nobody. States: see session-state.ts. The producer is
// thrown away on any error, for its sequence numbers cannot be trusted after one (research kafkajs.md, C2).
import type { CommitResult, Session, SessionOptions, Unit } from './broker.ts'
import { compressionType } from './connection.ts'
import { toTrackbridgeError } from './kafkajs-errors.ts'
import { disconnectQuietly } from './kafkajs-disconnect.ts'
import type { SessionDeps } from './kafkajs-session.ts'
import { explicitPartitioner, requireCoverage, toTopicMessages } from './produce-batch.ts'
import { createSessionLife, failedCommit, type Closable } from './session-state.ts'

export type AtLeastOnceOptions = Extract<SessionOptions, { delivery: 'at-least-once' }>

interface Client extends Closable {
  send(unit: Unit): Promise<void>
}

/** A session that may write records of a unit twice after a fault, and loses none. Nothing is connected before `init`. */
export function createAtLeastOnceSession(deps: SessionDeps, options: AtLeastOnceOptions): Session {
  const { group, source, consumer } = options
  const life = createSessionLife(`the session of ${source.topic}/${source.partition}`)
  let client: Client | undefined
  const commitUnit = async (unit: Unit): Promise<CommitResult> => {
    const tried = `write the records of ${source.topic}/${source.partition} up to offset ${unit.next}`
    let outcome: 'aborted' | 'unknown' = 'aborted'
    try {
      await client?.send(unit)
      // From here the offset may be stored whatever is answered. The offset alone decides what is read again.
      outcome = 'unknown'
      await consumer.commit([{ ...source, next: unit.next }])
      return { ok: true }
    } catch (error) {
      void client?.close()
      return failedCommit(outcome, toTrackbridgeError(error, tried, { ...source, offset: unit.next }))
    }
  }
  return {
    async init() {
      client = await life.runInit(() => openClient(deps, options))
    },
    committed: () => life.runRead('committed', () => deps.committedOffsets.read(group, source)),
    commit: (unit) => life.runCommit(() => commitUnit(unit)),
    async close() {
      life.close()
      await client?.close()
    },
  }
}

async function openClient(deps: SessionDeps, { source }: AtLeastOnceOptions): Promise<Client> {
  await deps.committedOffsets.open()
  const producer = deps.kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    // kafkajs refuses fewer than one for an idempotent producer. The check of the answer catches what its retry drops.
    retry: { retries: 1, initialRetryTime: 100 },
    allowAutoTopicCreation: false,
    createPartitioner: explicitPartitioner,
  })
  let closed: Promise<unknown> | undefined
  const close = async (): Promise<void> => {
    closed ??= Promise.all([disconnectQuietly(producer, deps), deps.committedOffsets.close()])
    await closed
  }
  try {
    await producer.connect()
  } catch (error) {
    await close()
    throw toTrackbridgeError(error, `open a producer for ${source.topic}/${source.partition}`, source)
  }
  return {
    async send({ records }) {
      if (records.length === 0) return
      const compression = compressionType(deps.compression)
      const answer = await producer.sendBatch({ acks: -1, compression, topicMessages: toTopicMessages(records) })
      requireCoverage(records, answer)
    },
    close,
  }
}
