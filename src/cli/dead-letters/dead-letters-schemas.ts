// How the values of dead letters are read: JSON, or Avro by the schema that each was written with. In: the registry, where
// there is one. Out: `ensure`, which waits for schemas, and `decode`, which does not.
import type { Clock } from '../../clock.ts'
import { TrackbridgeError } from '../../errors.ts'
import type { DecodeLetter } from '../../dead-letters/letter.ts'
import { readLetterText } from '../../records/dead-letter-reading.ts'
import { isAvro, schemaIdOf } from '../../schemas/avro-value.ts'
import { deadLetterReader, type ReadLetterValue } from '../../schemas/dead-letter-value-reading.ts'
import type { Registry } from '../../schemas/registry.ts'

export interface LetterSchemas {
  readonly decode: DecodeLetter
  /** Rejects with TB_REGISTRY_UNAVAILABLE after a few tries. */
  ensure(records: Iterable<{ readonly value: Buffer | null }>, signal: AbortSignal): Promise<void>
}

const retryAfterMs = [200, 1_000, 5_000] as const

/** Without a registry letters in Avro are nobody's. */
export function createLetterSchemas(registry: Pick<Registry, 'schemaById'> | undefined, clock: Clock): LetterSchemas {
  // By id; undefined: no schema of dead letters.
  const readers = new Map<number, ReadLetterValue | undefined>()
  return {
    decode(value, recordTimestampMs) {
      if (!isAvro(value)) return readLetterText(value, recordTimestampMs)
      return readers.get(schemaIdOf(value) ?? -1)?.(value, recordTimestampMs)
    },
    async ensure(records, signal) {
      if (registry === undefined) return
      for (const { value } of records) {
        const id = isAvro(value) ? schemaIdOf(value) : undefined
        if (id === undefined || id < 0 || readers.has(id)) continue
        const found = await persistently(clock, signal, () => registry.schemaById(id))
        readers.set(id, found?.type === 'AVRO' ? deadLetterReader(found.schema) : undefined)
      }
    },
  }
}

async function persistently<T>(clock: Clock, signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  for (const waitMs of retryAfterMs) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof TrackbridgeError) || error.reaction !== 'retry') throw error
      await clock.sleep(waitMs, signal)
      signal.throwIfAborted()
    }
  }
  return ask()
}
