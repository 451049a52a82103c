// Exactly-once session of one source partition: a transactional producer of its own, whose id fences older owners of the
// partition, and one transaction for each unit, or one for the units of several partitions (group-commit.ts).
// States: see session-state.ts. Spec kafka.md, "Exactly-once"; docs/design.md.
import { TrackbridgeError } from '../errors.ts'
import type { Session, SessionOptions } from './broker.ts'
import type { GroupCommit } from './group-commit.ts'
import { createSessionLife } from './session-state.ts'
import {
  openTransactionalProducer,
  type TransactionalProducer,
  type TransactionDeps,
} from './transactional-producer.ts'

export type ExactlyOnceOptions = Extract<SessionOptions, { delivery: 'exactly-once' }>

/** Nothing is connected before `init`. `groupCommit`: where units of several partitions meet; without it each unit goes
 *  in a transaction of its own. */
export function createExactlyOnceSession(
  deps: TransactionDeps,
  options: ExactlyOnceOptions,
  groupCommit?: GroupCommit,
): Session {
  const { source } = options
  const life = createSessionLife(`the session of ${source.topic}/${source.partition}`)
  let producer: TransactionalProducer | undefined
  const ready = (): TransactionalProducer => {
    if (producer === undefined) throw new TrackbridgeError('TB_BUG', 'a ready session has no producer')
    return producer
  }
  return {
    async init() {
      producer = await life.runInit(() => openTransactionalProducer(deps, options))
    },
    committed: () => life.runRead('committed', () => ready().committed(source)),
    commit: (unit) =>
      life.runCommit(async () => {
        const own = ready()
        const result = await (groupCommit?.commit({ source, unit }, own) ?? own.commit([{ source, unit }]))
        if (!result.ok) void own.close()
        return result
      }),
    async close() {
      life.close()
      await producer?.close()
    },
  }
}
