// Schema ids -> writer schemas, asked of the registry once each. In: a chunk of records. Out: `ensure`, which
// waits for what is not known yet, and `decode` and `payload`, synchronous, for values that ensure has seen.
//
//   unknown --ensure: one request, whoever waits for it--> known     for ever: an id never changes its meaning
//                                                      --> denied    404 and error_code 40403; asked again after a minute
//                                                      --> unknown   registry down: a few tries, then TB_REGISTRY_UNAVAILABLE
//
// The invariant that makes dead letters true: after `ensure` an id is known, or the registry itself has denied it. So what
// is known is never dropped; instead there is a bound on how much that may be.
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import type { DecodedJson } from '../json.ts'
import type { Log } from '../ops/log.ts'
import { isAvro, schemaIdOf, writerSchema, type FoundPayload, type WriterSchema } from './avro-value.ts'
import type { Registry } from './registry.ts'

export interface SchemaCacheDeps {
  readonly registry: Pick<Registry, 'schemaById'>
  readonly clock: Clock
  readonly log: Log
}

/** A record, as far as it matters here. */
interface Valued {
  readonly value: Buffer | null
}

export interface SchemaCache {
  /** Resolves when every schema id in the records is known or denied: at once, and without a promise, where it is already.
   *  Rejects with TB_REGISTRY_UNAVAILABLE after a few tries. Values that are no Avro are left out. */
  ensure(records: Iterable<Valued>, signal: AbortSignal): Promise<void> | undefined
  /** The value as translate reads it, or why there is none. For values that ensure has seen. Never throws. */
  decode(value: Buffer): DecodedJson
  /** The JSON of the message in a value. As `decode`. */
  payload(value: Buffer): FoundPayload
  /** Name of the schema of an id that ensure has seen, e.g. `trackbridge.v1.TrackCall`. */
  nameOf(id: number): string | undefined
  /** Why the registry is waited for; undefined while nobody waits. */
  waiting(): string | undefined
}

/** More schemas than that on the topics of one installation are a fault: about 100 MB of them. */
const maxKnown = 10_000
const deniedForMs = 60_000
/** Of ids that no registry has; beyond them the oldest is forgotten, and only asked for again. */
const maxDenied = 10_000
const failingForMs = 60_000
/** Requests at once: values of garbage may name any number of ids. */
const sideBySide = 8
const retryAfterMs = [200, 1_000] as const

type Schema = { readonly ok: true; readonly schema: WriterSchema } | { readonly ok: false; readonly reason: string }

interface Parts extends SchemaCacheDeps {
  readonly known: Map<number, Schema>
  /** When the registry said so, milliseconds since 1970. */
  readonly denied: Map<number, number>
  readonly asked: Map<number, Promise<void>>
  /** Why each id that is asked for again is not known yet, and since when that is so. */
  readonly failing: Map<number, { readonly why: string; readonly atMs: number }>
}

export function createSchemaCache(deps: SchemaCacheDeps): SchemaCache {
  const parts: Parts = { ...deps, known: new Map(), denied: new Map(), asked: new Map(), failing: new Map() }
  const { known, failing, clock } = parts
  const find = (value: Buffer): Schema => {
    const id = schemaIdOf(value)
    if (id === undefined) return unread('begins as Avro does, but is too short to hold a schema id')
    return known.get(id) ?? unread(`is Avro of schema ${id}, which the schema registry does not have`)
  }
  return {
    ensure: (records, signal) => ensure(parts, records, signal),
    decode: (value) => {
      const found = find(value)
      return found.ok ? found.schema.decode(value) : found
    },
    payload: (value) => {
      const found = find(value)
      return found.ok ? found.schema.payload(value) : found
    },
    nameOf: (id) => {
      const found = known.get(id)
      return found?.ok ? found.schema.name : undefined
    },
    // Whoever waited may have lost the partition meanwhile: what nobody asks for again is no reason to be not ready.
    waiting: () => failing.values().find(({ atMs }) => clock.now() - atMs < failingForMs)?.why,
  }
}

const unread = (reason: string): { readonly ok: false; readonly reason: string } => ({ ok: false, reason })

function ensure(parts: Parts, records: Iterable<Valued>, signal: AbortSignal): Promise<void> | undefined {
  let missing: Set<number> | undefined
  let last = -1
  for (const { value } of records) {
    if (!isAvro(value)) continue
    const id = schemaIdOf(value)
    // Nearly all have the schema of the one before.
    if (id === undefined || id === last) continue
    last = id
    if (!isSettled(parts, id)) missing = (missing ?? new Set()).add(id)
  }
  return missing === undefined ? undefined : ask(parts, [...missing], signal)
}

function isSettled({ known, denied, clock }: Parts, id: number): boolean {
  if (known.has(id) || id < 0) return true
  const deniedAt = denied.get(id)
  return deniedAt !== undefined && clock.now() - deniedAt < deniedForMs
}

async function ask(parts: Parts, ids: readonly number[], signal: AbortSignal): Promise<void> {
  for (let from = 0; from < ids.length; from += sideBySide) {
    const asking = ids.slice(from, from + sideBySide).map((id) => askForAll(parts, id, signal))
    // All of them, so that none is left behind whose failure nobody sees.
    const results = await Promise.allSettled(asking)
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }
}

/** One request for whoever waits for the id. */
function askForAll(parts: Parts, id: number, signal: AbortSignal): Promise<void> {
  const { asked } = parts
  const underWay = asked.get(id) ?? learn(parts, id, signal).finally(() => asked.delete(id))
  asked.set(id, underWay)
  return underWay
}

async function learn(parts: Parts, id: number, signal: AbortSignal): Promise<void> {
  const { failing, clock, log } = parts
  for (const waitMs of [...retryAfterMs, undefined]) {
    try {
      await askOnce(parts, id)
      if (failing.delete(id)) log.info({ schemaId: id }, 'the schema registry answers again')
      return
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      if (!failing.has(id)) log.warn({ schemaId: id, error: why }, 'waiting for the schema registry')
      failing.set(id, { why, atMs: clock.now() })
      if (waitMs === undefined || signal.aborted) throw error
      await clock.sleep(waitMs, signal)
    }
  }
}

async function askOnce({ registry, clock, known, denied }: Parts, id: number): Promise<void> {
  if (known.size >= maxKnown)
    throw new TrackbridgeError(
      'TB_REGISTRY_UNAVAILABLE',
      `records of more than ${maxKnown} Avro schemas; is that meant?`,
    )
  const found = await registry.schemaById(id)
  denied.delete(id)
  if (found !== null) {
    known.set(id, toSchema(id, found))
    return
  }
  denied.set(id, clock.now())
  const [oldest] = denied.keys()
  if (denied.size > maxDenied && oldest !== undefined) denied.delete(oldest)
}

function toSchema(id: number, found: NonNullable<Awaited<ReturnType<Registry['schemaById']>>>): Schema {
  if (found.type !== 'AVRO') return unread(`is of schema ${id}, which is ${found.type}; only Avro is read`)
  try {
    return { ok: true, schema: writerSchema(found.schema, found.parts) }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return unread(`is Avro of schema ${id}, which cannot be understood: ${why}`)
  }
}
