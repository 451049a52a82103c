// What the benchmarks of the sink write into messageIds, so that the stand-in of the API reads bodies at next to no cost:
// who is to be refused, and when a message was due. Ids keep their 26 letters, all of them such as a ULID may have. Pure.

const field = Buffer.from('"messageId":"')
const idLength = 26
const refusal = 'TBREJECT'
const refusalBytes = Buffer.from(`${refusal}"`)
/** Milliseconds since 1970 until the year 2286. */
const dueLength = 13

/** The id with the mark of those that the stand-in refuses when told to. */
export const refusedId = (id: string): string => id.slice(0, idLength - refusal.length) + refusal

/** Whether a body holds a message of such an id. */
export const holdsRefused = (body: Buffer): boolean => body.includes(refusalBytes)

/** How many messages a body holds; a payload with a member "messageId" would count as well, and there is none. */
export function countMessages(body: Buffer): number {
  let count = 0
  for (let at = nextId(body, 0); at !== undefined; at = nextId(body, at)) count++
  return count
}

/** A copy of a message that tells when it was due. Throws for what has no messageId. */
export function withDue(message: Buffer, dueMs: number): Buffer {
  const at = nextId(message, 0)
  if (at === undefined) throw new Error('a message of the benchmark has no messageId')
  const copy = Buffer.from(message)
  copy.write(String(dueMs).padStart(dueLength, '0'), at + idLength - dueLength, 'latin1')
  return copy
}

/** When the messages of a body were due, milliseconds since 1970; without those that do not tell. */
export function dueTimes(body: Buffer): number[] {
  const found: number[] = []
  for (let at = nextId(body, 0); at !== undefined; at = nextId(body, at)) {
    const due = body.toString('latin1', at + idLength - dueLength, at + idLength)
    if (/^\d+$/.test(due)) found.push(Number(due))
  }
  return found
}

/** Where the next id begins. */
function nextId(body: Buffer, from: number): number | undefined {
  const at = body.indexOf(field, from)
  return at === -1 ? undefined : at + field.length
}
