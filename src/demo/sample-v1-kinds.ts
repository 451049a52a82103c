// Kinds of v1 calls for the sample (mapping.md, "v1 calls"): method and path say what is meant. Pure.
import type { Draw, SamplePerson } from './sample-draw.ts'
import type { HttpCall, SampleKind } from './sample-kind.ts'

const plans = ['free', 'basic', 'pro'] as const
const eventNames = ['purchase', 'signed_up', 'trial started', 'оплата', 'order_placed'] as const
const pages = ['https://example.com/', 'https://example.com/pricing?ref=mail', 'https://example.com/docs'] as const
const metrics = ['delivered', 'opened', 'clicked', 'converted'] as const
const platforms = ['ios', 'android'] as const

const kind = (name: string, weight: number, build: SampleKind['build']): SampleKind => ({
  name: `v1 ${name}`,
  weight,
  becomes: 'translated',
  build,
})

/** Path of a person, or of what is below: `/api/v1/customers/person%40example.com/events`. */
const customer = (id: string, below = ''): string => `/api/v1/customers/${encodeURIComponent(id)}${below}`

const post = (path: string, body?: unknown): HttpCall => ({ method: 'POST', path, ...(body ? { body } : {}) })
const put = (path: string, body: unknown): HttpCall => ({ method: 'PUT', path, body })

/** Unix seconds within the last month, as Track's own times are. */
export const recentSeconds = (draw: Draw): number => Math.floor(draw.atMs / 1000) - draw.below(30 * 86_400)

/** Attributes of a person, of every type that JSON has. */
export const attributes = (draw: Draw, { name }: SamplePerson): Readonly<Record<string, unknown>> => ({
  name,
  plan: draw.pick(plans),
  logins: draw.below(500),
  newsletter: draw.chance(0.5),
  ...(draw.chance(0.2) ? { account_number: draw.digits(20) } : {}),
  ...(draw.chance(0.2) ? { referrer: null, address: { city: 'Kraków', tags: ['vip', 'β'] } } : {}),
})

/** What an event carries. */
export const eventData = (draw: Draw): Readonly<Record<string, unknown>> => ({
  price: draw.below(10_000) / 100,
  currency: 'EUR',
  ...(draw.chance(0.3) ? { order_id: draw.digits(19) } : {}),
})

const relationship = ({ company }: SamplePerson, draw: Draw): object => ({
  identifiers: { object_type_id: '1', object_id: company },
  relationship_attributes: { role: draw.pick(['owner', 'member']) },
})

export const v1Kinds: readonly SampleKind[] = [
  kind('identify', 110, (draw, person) =>
    put(customer(person.id), { email: person.email, created_at: recentSeconds(draw), ...attributes(draw, person) }),
  ),
  kind('identify by email', 60, (draw, person) => put(customer(person.email), attributes(draw, person))),
  kind('identify by cio_id', 30, (draw, person) =>
    put(customer(`cio_${person.cioId}`), { email: person.email, ...attributes(draw, person) }),
  ),
  kind('identify with relationships', 40, (draw, person) =>
    put(customer(person.id), {
      ...attributes(draw, person),
      cio_relationships: { action: 'add_relationships', relationships: [relationship(person, draw)] },
    }),
  ),
  kind('event', 140, (draw, { id }) =>
    post(customer(id, '/events'), {
      name: draw.pick(eventNames),
      data: eventData(draw),
      ...(draw.chance(0.5) ? { timestamp: recentSeconds(draw) } : {}),
    }),
  ),
  kind('page', 40, (draw, { id }) =>
    post(customer(id, '/events'), { type: 'page', name: draw.pick(pages), data: { title: 'Pricing' } }),
  ),
  kind('screen', 30, (draw, { id }) =>
    post(customer(id, '/events'), { type: 'screen', name: draw.pick(['Home', 'Basket']), data: {} }),
  ),
  kind('anonymous event', 40, (draw, { anonymousId }) =>
    post('/api/v1/events', { name: draw.pick(eventNames), anonymous_id: anonymousId, data: eventData(draw) }),
  ),
  kind('add device', 40, (draw, { id }) =>
    put(customer(id, '/devices'), {
      device: { id: `token-${id}`, platform: draw.pick(platforms), last_used: recentSeconds(draw) },
    }),
  ),
  kind('delete device', 10, (_draw, { id }) => ({ method: 'DELETE', path: customer(id, `/devices/token-${id}`) })),
  kind('delete', 8, (_draw, { id }) => ({ method: 'DELETE', path: customer(id) })),
  kind('suppress', 5, (_draw, { id }) => post(customer(id, '/suppress'))),
  kind('unsuppress', 5, (_draw, { id }) => post(customer(id, '/unsuppress'))),
  kind('merge', 10, (_draw, { id, email }) =>
    post('/api/v1/merge_customers', { primary: { id }, secondary: { email: `old.${email}` } }),
  ),
  kind('metrics', 20, (draw, { id }) =>
    post('/api/v1/metrics', {
      delivery_id: `dgOq${id}`,
      metric: draw.pick(metrics),
      timestamp: recentSeconds(draw),
      recipient: `token-${id}`,
    }),
  ),
  kind('push event', 15, (draw, { id }) =>
    post('/api/v1/push/events', {
      delivery_id: `RPIL${id}`,
      event: draw.pick(['opened', 'converted']),
      device_id: `token-${id}`,
      timestamp: recentSeconds(draw),
    }),
  ),
]
