// A transactional producer over a scripted cluster, and the parts it is given. Test support.
import type { Clock } from '../../src/clock.ts'
import type { CommitResult, Member, OutRecord } from '../../src/kafka/broker.ts'
import {
  openTransactionalProducer,
  type Part,
  type TransactionalProducer,
} from '../../src/kafka/transactional-producer.ts'
import { createRecordingLog, type LogLine } from '../support/recording-log.ts'
import {
  createScriptedCluster,
  createSleepClock,
  writerDeps,
  type Script,
  type ScriptedCluster,
} from './scripted-cluster.ts'

export const options = { group: 'g', transactionalId: 'tb.g.raw.3', transactionTimeoutMs: 30_000 }
export const member: Member = { assignment: 1, memberId: 'm-1', generation: 4 }

/** A part of `raw/3` unless said otherwise. */
export const partOf = (records: readonly OutRecord[], next = 7, partition = 3): Part => ({
  source: { topic: 'raw', partition },
  unit: { records, next, member },
})

export interface Opened extends ScriptedCluster {
  readonly producer: TransactionalProducer
  readonly lines: readonly LogLine[]
}

/** Opened by two requests: ApiVersions and InitProducerId. */
export async function openScripted(script: Script = {}, clock: Clock = createSleepClock()): Promise<Opened> {
  const scripted = createScriptedCluster(script)
  const { log, lines } = createRecordingLog()
  const producer = await openTransactionalProducer({ ...writerDeps(scripted, clock), log }, options)
  return { ...scripted, producer, lines }
}

export const failure = (outcome: string, reason: string): object => ({ ok: false, outcome, reason })
/** Without the error. */
export const short = (result: CommitResult): object => (result.ok ? result : failure(result.outcome, result.reason))
