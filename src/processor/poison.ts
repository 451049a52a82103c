// A raw record whose translation throws -> a dead letter with the fault's code, so that a bug of ours costs one record
// and never a crash loop (product.md, promise 1). In: the function that makes records of a raw one. Out: the same
// function, which does not throw. Each fault is told once, then once a minute with how many records met it.
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { Log } from '../ops/log.ts'
import { deadLetterRecord } from '../records/dead-letter.ts'
import type { Processed, processRecord } from './topology.ts'

/** A raw record and the settings -> what it becomes. */
export type ProcessRecord = typeof processRecord

export interface PoisonDeps {
  readonly clock: Clock
  readonly log: Log
}

/** The dead letter's `reason`. */
export const poisonReason = 'translation_failed'

const tellAgainMs = 60_000
/** Faults beyond so many are told as one: what is kept of them must not grow for ever. */
const maxFaults = 100

interface Told {
  readonly atMs: number
  /** Records since then. */
  records: number
}

type Raw = Parameters<ProcessRecord>[0]
type Settings = Parameters<ProcessRecord>[1]

/** `process`, but what throws becomes a dead letter `translation_failed` whose message is the error's code (TB_BUG when
 *  it has none) and text. The log gets code, kind, place in the code and record, never the text: it may quote payload. */
export function createPoisonGuard(process: ProcessRecord, { clock, log }: PoisonDeps): ProcessRecord {
  const told = new Map<string, Told>()
  const tell = (error: unknown, { topic, partition, offset, key: person }: Raw): void => {
    const fault = describeFault(error)
    const name = `${fault.code} ${fault.type} ${fault.at}`
    const key = told.has(name) || told.size < maxFaults ? name : 'others'
    const before = told.get(key)
    if (before) before.records++
    if (before && clock.now() - before.atMs < tellAgainMs) return
    told.set(key, { atMs: clock.now(), records: 0 })
    const fields = { ...fault, topic, partition, offset, person, records: before?.records ?? 1 }
    log.error(fields, 'translation threw: the record is a dead letter; please report it')
  }
  return (raw, settings) => {
    try {
      return process(raw, settings)
    } catch (error) {
      tell(error, raw)
      return poisoned(raw, settings, error)
    }
  }
}

function poisoned(raw: Raw, settings: Settings, error: unknown): Processed {
  const topic = settings.deadLetterTopic
  const text = error instanceof Error ? error.message : String(error)
  const letter = deadLetterRecord(
    {
      source: raw,
      reason: poisonReason,
      message: `${codeOf(error)}: ${text}`,
      stage: 'process',
      destination: null,
      attempt: settings.again?.attempt ?? 1,
      ...(settings.again?.operations === undefined ? {} : { operations: settings.again.operations }),
      at: raw.timestamp,
    },
    settings.encodeDeadLetter,
  )
  const partition = settings.partitionOf(topic, raw.key, raw.partition)
  const record = { topic, partition, timestamp: raw.timestamp, ...letter }
  const faults = [{ slot: 'dead-letter', reason: poisonReason }] as const
  return { slot: 'dead-letter', records: [record], unrouted: 0, poisoned: true, faults }
}

const codeOf = (error: unknown): string => (error instanceof TrackbridgeError ? error.code : 'TB_BUG')

interface Fault {
  readonly code: string
  readonly type: string
  /** Where it was thrown, e.g. `translate (src/translate/translate.ts:40:11)`; empty where there is no stack. */
  readonly at: string
}

function describeFault(error: unknown): Fault {
  const type = error instanceof Error ? error.name : typeof error
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const [, frame = ''] = /^\s+at (.+)$/m.exec(stack) ?? []
  return { code: codeOf(error), type, at: frame }
}
