// The schemas that trackbridge writes, and the subjects they belong to. In: the configuration. Out: what is to be
// registered, and the ids under which the registry knows it. The runtime only looks them up; `trackbridge schemas
// register` is what registers. Ruled by kafka.md, "Formats": TopicNameStrategy, FULL_TRANSITIVE.
import { readFileSync } from 'node:fs'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/schema.ts'
import { TrackbridgeError } from '../errors.ts'
import type { Log } from '../ops/log.ts'
import type { Registry } from './registry.ts'

export type SchemaName = 'TrackCall' | 'PipelinesMessage' | 'DeadLetter' | 'Unsupported'

/** A topic whose values are of one of our schemas. */
export interface OwnSubject {
  readonly topic: string
  /** `<topic>-value`. */
  readonly subject: string
  readonly schemaName: SchemaName
  readonly role: 'raw' | 'destination' | 'dead-letters' | 'unsupported'
}

// Beside src/ and beside dist/ alike.
const folder = new URL('../../avro/', import.meta.url)
const texts = new Map<SchemaName, string>()

/** Text of avro/<name>.avsc without line breaks, as it is registered. */
export function ownSchema(name: SchemaName): string {
  const text = texts.get(name) ?? JSON.stringify(JSON.parse(readFileSync(new URL(`${name}.avsc`, folder), 'utf8')))
  texts.set(name, text)
  return text
}

export const subjectOf = (topic: string): string => `${topic}-value`

type Formats = Pick<Config, 'destinations' | 'deadLetters' | 'unsupported'>

/** What `process` writes in Avro. */
export function writtenSubjects({ destinations, deadLetters, unsupported }: Formats): readonly OwnSubject[] {
  return [
    ...destinations.flatMap(({ format, topic }) =>
      format === 'avro' ? [ownSubject(topic, 'PipelinesMessage', 'destination')] : [],
    ),
    ...(deadLetters.format === 'avro' ? [ownSubject(deadLetters.topic, 'DeadLetter', 'dead-letters')] : []),
    ...(unsupported.format === 'avro' ? [ownSubject(unsupported.topic, 'Unsupported', 'unsupported')] : []),
  ]
}

/** What replays write beside that in Avro: the backfill topics. */
export const backfillSubjects = ({ destinations }: Pick<Formats, 'destinations'>): readonly OwnSubject[] =>
  destinations.flatMap(({ format, backfill }) =>
    format === 'avro' && backfill !== undefined ? [ownSubject(backfill.topic, 'PipelinesMessage', 'destination')] : [],
  )

export const ownSubject = (topic: string, schemaName: SchemaName, role: OwnSubject['role']): OwnSubject => ({
  topic,
  subject: subjectOf(topic),
  schemaName,
  role,
})

export interface WriterIdsDeps {
  readonly registry: Pick<Registry, 'lookup'>
  readonly clock: Clock
  readonly log: Log
  /** Gets why the registry is waited for, and undefined when that is over. */
  readonly onWaiting: (why: string | undefined) => void
}

const firstWaitMs = 500
const lastWaitMs = 10_000

/** The registry's ids of the subjects' schemas, by topic. Waits for the registry as long as that takes. Rejects with
 *  TB_SCHEMA_MISSING where it says that one is not registered, and with the signal's reason when that aborts. */
export async function writerIds(
  deps: WriterIdsDeps,
  subjects: readonly OwnSubject[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const { clock, log, onWaiting } = deps
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(2 * waitMs, lastWaitMs)) {
    try {
      const ids = new Map<string, number>()
      for (const one of subjects) ids.set(one.topic, await writerId(deps.registry, one))
      onWaiting(undefined)
      return ids
    } catch (error) {
      if (!(error instanceof TrackbridgeError) || error.reaction !== 'retry') throw error
      if (waitMs === firstWaitMs) log.warn({ error: error.message }, 'waiting for the schema registry')
      onWaiting(error.message)
    }
    await clock.sleep(waitMs, signal)
    signal.throwIfAborted()
  }
}

/** The registry's id of one subject's schema. Rejects with TB_SCHEMA_MISSING or TB_REGISTRY_UNAVAILABLE. */
export async function writerId(registry: Pick<Registry, 'lookup'>, one: OwnSubject): Promise<number> {
  const found = await registry.lookup(one.subject, ownSchema(one.schemaName))
  if (found !== null) return found.id
  throw new TrackbridgeError(
    'TB_SCHEMA_MISSING',
    `topic "${one.topic}": the schema registry does not have ${one.schemaName} under subject "${one.subject}"; ` +
      'register it with: trackbridge schemas register',
    { context: { topic: one.topic } },
  )
}
