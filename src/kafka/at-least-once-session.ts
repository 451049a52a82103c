// At-least-once session: idempotent producer, and the source offset committed through the consumer after the
// acknowledgements (spec kafka.md, "delivery: at-least-once"). Fences nobody. States: see session-state.ts. The producer is
// thrown away on any error, for its sequence numbers cannot be trusted after one (research kafkajs.md, C2).
import { TrackbridgeError } from '../errors.ts'
import { onGroup, onTopic } from './access.ts'
import type { CommitResult, Session, SessionOptions, Unit } from './broker.ts'
import { needing } from './denial.ts'
import { toTrackbridgeError } from './kafkajs-errors.ts'
import { openRecordProducer, type RecordProducer } from './record-producer.ts'
import type { WriterDeps } from './record-writer.ts'
import { createSessionLife, failedCommit } from './session-state.ts'
import { readCommittedOffset } from './stable-offset.ts'

export type AtLeastOnceOptions = Extract<SessionOptions, { delivery: 'at-least-once' }>

/** A session that may write records of a unit twice after a fault, and loses none. Nothing is connected before `init`. */
export function createAtLeastOnceSession(deps: WriterDeps, options: AtLeastOnceOptions): Session {
  const { group, source, consumer } = options
  const { identity } = deps.cluster
  const ofGroup = { identity, access: [onGroup('Read', group)] }
  const life = createSessionLife(`the session of ${source.topic}/${source.partition}`)
  let producer: RecordProducer | undefined
  const ready = (): RecordProducer => {
    if (producer === undefined) throw new TrackbridgeError('TB_BUG', 'a ready session has no producer')
    return producer
  }
  const commitUnit = async (unit: Unit): Promise<CommitResult> => {
    const tried = `write the records of ${source.topic}/${source.partition} up to offset ${unit.next}`
    let outcome: 'aborted' | 'unknown' = 'aborted'
    try {
      const access = [...new Set(unit.records.map(({ topic }) => topic))].map((topic) => onTopic('Write', topic))
      await needing({ identity, access }, () => ready().write(unit.records))
      // From here the offset may be stored whatever is answered. The offset alone decides what is read again.
      outcome = 'unknown'
      await consumer.commit([{ ...source, next: unit.next }])
      return { ok: true }
    } catch (error) {
      void producer?.close()
      return failedCommit(outcome, toTrackbridgeError(error, tried, { ...source, offset: unit.next }))
    }
  }
  return {
    async init() {
      producer = await life.runInit(() => openRecordProducer(deps, { idempotentFor: group }))
    },
    committed: () =>
      life.runRead('committed', async () =>
        readCommittedOffset(
          { node: await needing(ofGroup, () => deps.cluster.coordinator('group', group)), clock: deps.clock, identity },
          group,
          source,
        ),
      ),
    commit: (unit) => life.runCommit(() => commitUnit(unit)),
    async close() {
      life.close()
      await producer?.close()
    },
  }
}
