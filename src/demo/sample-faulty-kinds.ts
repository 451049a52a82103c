// Kinds of calls that do not become messages: well-formed ones without a counterpart, and malformed ones. Pure.
import type { HttpCall, SampleBuilt, SampleKind } from './sample-kind.ts'
import { attributes } from './sample-v1-kinds.ts'

const kinds =
  (becomes: SampleKind['becomes']) =>
  (name: string, weight: number, build: SampleKind['build']): SampleKind => ({ name, weight, becomes, build })

const unsupported = kinds('unsupported')
const malformed = kinds('dead-letter')

const post = (path: string, body: unknown): HttpCall => ({ method: 'POST', path, body })

export const faultyKinds: readonly SampleKind[] = [
  unsupported('form submission', 10, (_draw, { id, email }) =>
    post('/api/v1/forms/newsletter/submit', { data: { id, email } }),
  ),
  unsupported('manual segment', 6, (_draw, { id }) => post('/api/v1/segments/7/add_customers', { ids: [id] })),
  unsupported('custom unsubscribe', 3, (_draw, { id }) => post(`/unsubscribe/dgOq${id}`, { unsubscribe: true })),
  unsupported('person by phone alone', 3, (_draw, { id }) => ({
    type: 'person',
    action: 'identify',
    identifiers: { phone: `+4912${id}` },
  })),
  malformed('broken JSON', 5, (_draw, { id }) => `{"method":"PUT","path":"/api/v1/customers/${id}","body":{"plan":`),
  malformed('not an object', 2, (): SampleBuilt => '["PUT","/api/v1/customers/1"]'),
  malformed('unknown path', 4, (_draw, { id }) => post(`/api/v3/people/${id}`, {})),
  malformed('unknown action', 3, (_draw, { id }) => ({ type: 'person', action: 'promote', identifiers: { id } })),
  malformed('identifiers missing', 3, (draw, person) => ({
    type: 'person',
    action: 'identify',
    attributes: attributes(draw, person),
  })),
  malformed('bad timestamp', 3, (_draw, { id }) =>
    post(`/api/v1/customers/${id}/events`, { name: 'purchase', timestamp: 'yesterday' }),
  ),
  malformed('event without a name', 2, (_draw, { id }) => post(`/api/v1/customers/${id}/events`, { data: {} })),
]
