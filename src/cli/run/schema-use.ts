// What `process` and `sink` have of schemas: the cache of those they read, the encoders of those they write. In: Config.
// Out: parts for the engines, and why they wait, for the health of a process.
import type { Clock } from '../../clock.ts'
import type { Config } from '../../config/schema.ts'
import { TrackbridgeError } from '../../errors.ts'
import type { Log } from '../../ops/log.ts'
import type { Meter } from '../../ops/meter.ts'
import type { ProcessorDeps, ProcessorOptions } from '../../processor/processor.ts'
import type { EncodeDeadLetter } from '../../records/dead-letter.ts'
import { deadLetterEncoder } from '../../schemas/dead-letter-value.ts'
import { messageEncoder } from '../../schemas/message-value.ts'
import { writerId, writerIds, writtenSubjects, type OwnSubject } from '../../schemas/own-schemas.ts'
import type { Registry } from '../../schemas/registry.ts'
import { createSchemaCache, type SchemaCache } from '../../schemas/schema-cache.ts'
import { meteredRegistry } from './metered-registry.ts'
import { configuredRegistry } from '../registry-settings.ts'

type Encoders = Pick<ProcessorOptions, 'routes' | 'encodeDeadLetter' | 'encodeUnsupported'>

export interface SchemaUse {
  readonly cache: SchemaCache
  /** For startProcessor. */
  readonly reading: Required<Pick<ProcessorDeps, 'decodeAvro' | 'ensureSchemas'>>
  /** Of all topics that `process` writes in Avro, undefined where there are none. Waits for the registry; rejects with
   *  TB_SCHEMA_MISSING. */
  readonly encoders: ((signal: AbortSignal) => Promise<Encoders>) | undefined
  /** Of the sink's dead letters; undefined: JSON. Rejects with TB_SCHEMA_MISSING or, to be tried again,
   *  TB_REGISTRY_UNAVAILABLE. */
  readonly deadLetterEncoder: (() => Promise<EncodeDeadLetter>) | undefined
  /** Why the registry is waited for; undefined while nobody waits. */
  waiting(): string | undefined
}

interface UseDeps {
  readonly clock: Clock
  readonly log: Log
  /** Absent: the one that the configuration names. */
  readonly registry?: Registry
  readonly meter?: Meter
}

/** Undefined where the configuration names no registry. Asks it nothing yet. */
export function openSchemas({ clock, log, meter, ...given }: UseDeps, config: Config): SchemaUse | undefined {
  const named = given.registry ?? configuredRegistry(config)
  if (named === undefined) return undefined
  const registry = meteredRegistry(named, meter)
  const cache = createSchemaCache({ registry, clock, log })
  const subjects = writtenSubjects(config)
  let waitsForWriters: string | undefined
  const onWaiting = (why: string | undefined): void => void (waitsForWriters = why)
  const idsOf = (wanted: readonly OwnSubject[], signal: AbortSignal) =>
    writerIds({ registry, clock, log, onWaiting }, wanted, signal)
  return {
    cache,
    reading: {
      decodeAvro: (value) => cache.decode(value),
      ensureSchemas: (records, signal) => cache.ensure(records, signal),
    },
    encoders: subjects.length === 0 ? undefined : async (signal) => toEncoders(config, await idsOf(subjects, signal)),
    deadLetterEncoder: deadLetterEncoderOf(registry, subjects),
    waiting: () => waitsForWriters ?? cache.waiting(),
  }
}

function toEncoders(config: Config, ids: ReadonlyMap<string, number>): Encoders {
  const routes = config.destinations.map((entry) => {
    const id = entry.format === 'avro' ? ids.get(entry.topic) : undefined
    return id === undefined ? entry : { ...entry, encode: messageEncoder(id, entry.name) }
  })
  const letters = ids.get(config.deadLetters.topic)
  const unsupported = ids.get(config.unsupported.topic)
  return {
    routes,
    ...(letters === undefined ? {} : { encodeDeadLetter: deadLetterEncoder(letters) }),
    ...(unsupported === undefined ? {} : { encodeUnsupported: deadLetterEncoder(unsupported) }),
  }
}

// Asked for when there is a letter to write: the sink goes on without a registry until then.
function deadLetterEncoderOf(registry: Registry, subjects: readonly OwnSubject[]): SchemaUse['deadLetterEncoder'] {
  const subject = subjects.find(({ role }) => role === 'dead-letters')
  if (subject === undefined) return undefined
  let encoder: EncodeDeadLetter | undefined
  return async () => {
    encoder ??= deadLetterEncoder(await writerId(registry, subject))
    return encoder
  }
}

/** As an engine's health: `process` and `sink` each wait for themselves. */
export const registryHealth = (engine: string, use: SchemaUse | undefined): readonly [string, string | undefined][] =>
  use === undefined ? [] : [[`${engine}: schema registry`, use.waiting()]]

/** What whoever starts wants to know at once: rejects with TB_SCHEMA_MISSING; a registry that is away is no fault yet. */
export async function requireDeadLetterSchema(use: SchemaUse | undefined): Promise<void> {
  await use?.deadLetterEncoder?.().catch((error: unknown) => {
    if (!(error instanceof TrackbridgeError) || error.reaction !== 'retry') throw error
  })
}
