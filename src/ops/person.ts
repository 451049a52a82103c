// What a log line says of a person. In: the fields of a line. Out: the same, with the id under `person` hashed, unless ids
// are to be shown. The only place that decides it. Pure.
import { createHash } from 'node:crypto'

type Fields = Readonly<Record<string, unknown>>

/** Enough to tell millions of persons apart, and what `printf %s ID | sha256sum | cut -c1-12` prints. */
const digits = 12
/** A key of a raw record may be as large as the record. */
const maxShownCharacters = 200

/** `{person: '42'}` becomes `{person: 'sha256:73475cb40a56'}`, or stays where `showIds` is true. The id is a text or the
 *  bytes of a record's key; one that is null or empty is left out. No other field is looked at. */
export function concealPerson(fields: Fields, showIds: boolean): Fields {
  if (!('person' in fields)) return fields
  const { person, ...rest } = fields
  const id = Buffer.isBuffer(person) ? person : Buffer.from(typeof person === 'string' ? person : '')
  if (id.length === 0) return rest
  return { ...rest, person: showIds ? id.toString().slice(0, maxShownCharacters) : hashOf(id) }
}

const hashOf = (id: Buffer): string => `sha256:${createHash('sha256').update(id).digest('hex').slice(0, digits)}`
