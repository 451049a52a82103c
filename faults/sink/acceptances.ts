// What the API has accepted: each message when it came first, how often, and whether it was always the same.
// In: messages in the order of their acceptance. Out: counts. Pure but for its own state.
import { digestOf, personsOf } from './sent-message.ts'

export interface Acceptance {
  /** Counts all acceptances; messages of one request have numbers in their order. */
  readonly first: number
  readonly digest: string
  times: number
  /** Repeats that differ from the first in more than sentAt. */
  differing: number
}

export interface Acceptances {
  /** By messageId. */
  readonly messages: ReadonlyMap<string, Acceptance>
  /** Repeats that came behind a later message of the same person: harmless by their messageIds. */
  lateRepeats(): number
  /** Messages accepted, repeats included. */
  total(): number
  /** Takes a message as it was sent. */
  accept(text: string): void
}

export function createAcceptances(): Acceptances {
  const messages = new Map<string, Acceptance>()
  const newestOf = new Map<string, number>()
  let total = 0
  let late = 0
  return {
    messages,
    lateRepeats: () => late,
    total: () => total,
    accept(text) {
      const message = JSON.parse(text) as Readonly<Record<string, unknown>>
      const messageId = String(message['messageId'])
      const [digest, known] = [digestOf(text), messages.get(messageId)]
      const number = total++
      const persons = personsOf(message)
      if (known === undefined) {
        messages.set(messageId, { first: number, digest, times: 1, differing: 0 })
        for (const person of persons) newestOf.set(person, number)
        return
      }
      known.times++
      if (digest !== known.digest) known.differing++
      if (persons.some((person) => (newestOf.get(person) ?? 0) > known.first)) late++
    },
  }
}
