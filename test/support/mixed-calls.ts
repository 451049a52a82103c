// A mixture of raw records as a long-lived raw topic holds them: events, identifies with relationships, batches, calls
// without a counterpart, faulty ones, records without a value; keyed by person, each person on one partition. Test support.
import type { RawInput } from './verify-output.ts'

export interface MixedCallsOptions {
  readonly topic: string
  readonly count: number
  readonly partitions: number
  readonly people: number
  /** Milliseconds since 1970, of every record. */
  readonly timestamp: number
}

export interface MixedCall extends RawInput {
  /** The person. */
  readonly key: string
}

/** Records with the offsets they get when they are written to an empty topic in this order. The same in every run. */
export function mixedCalls({ topic, count, partitions, people, timestamp }: MixedCallsOptions): readonly MixedCall[] {
  const ends = new Map<number, number>()
  return Array.from({ length: count }, (_, number) => {
    // Neighbours are of different people, and a person's calls come in uneven steps.
    const person = (number * 7 + Math.floor(number / 13)) % people
    const partition = person % partitions
    const offset = ends.get(partition) ?? 0
    ends.set(partition, offset + 1)
    return { topic, partition, offset, timestamp, key: `p${person}`, value: valueOf(number, `p${person}`) }
  })
}

function valueOf(number: number, person: string): string | null {
  if (number % 97 === 0) return null
  if (number % 61 === 0) return `{"method":"POST","path":"/api/v1/customers/${person}/events","body":{"name":`
  const call = callOf(number, person)
  return JSON.stringify({ source: 'web', ...call })
}

const company = (object_id: string): object => ({ identifiers: { object_type_id: '1', object_id } })

function callOf(number: number, person: string): object {
  const identifiers = { id: person }
  const event = { type: 'person', action: 'event', identifiers, name: 'viewed', attributes: { number } }
  if (number % 53 === 0) return { method: 'POST', path: '/api/v1/forms/9/submit', body: { data: { person } } }
  if (number % 47 === 0) return { method: 'POST', path: `/api/v1/customers/${person}/dance`, body: {} }
  if (number % 29 === 0)
    return {
      method: 'PUT',
      path: `/api/v1/customers/${person}`,
      body: {
        plan: 'pro',
        cio_relationships: { action: 'add_relationships', relationships: [company('acme'), company('initech')] },
      },
    }
  if (number % 23 === 0) {
    const faulty =
      number % 2 === 0
        ? { ...event, name: undefined }
        : { ...event, type: 'object', identifiers: { cio_object_id: 'x' } }
    return { method: 'POST', path: '/api/v2/batch', body: { batch: [event, faulty, { ...event, name: 'left' }] } }
  }
  return { method: 'POST', path: `/api/v1/customers/${person}/events`, body: { name: 'viewed', data: { number } } }
}
