// Raw Track calls as a busy workspace makes them, one JSON text each: the work that the benchmarks measure. A seed gives
// the same lines on every machine. The shares below are what is being claimed by "realistic": change them in one place.
import { createRandom, type Random } from './random.ts'
import { people, type Person } from './track-people.ts'
import { eventOf, traitsOf, userAgents } from './track-payloads.ts'

type Call = Readonly<Record<string, unknown>>
/** `now`: Unix seconds of the call. */
type Make = (random: Random, person: Person, now: number) => Call

const put = (path: string, body: unknown): Call => ({ method: 'PUT', path, body })
const post = (path: string, body: unknown): Call => ({ method: 'POST', path, body })

const identify: Make = (random, person, now) =>
  put(`/api/v1/customers/${person.address}`, traitsOf(random, person, now))

function identifyWithRelationship(random: Random, person: Person, now: number): Call {
  const relationship = {
    identifiers: { object_type_id: '1', object_id: person.account },
    relationship_attributes: { role: random.pick(['owner', 'admin', 'member']), since: person.createdAt },
  }
  const cio_relationships = { action: 'add_relationships', relationships: [relationship] }
  return put(`/api/v1/customers/${person.address}`, { ...traitsOf(random, person, now), cio_relationships })
}

function event(random: Random, person: Person, now: number): Call {
  const body: Record<string, unknown> = eventOf(random, person)
  if (random.chance(0.6)) body['timestamp'] = timeBefore(random, now)
  if (random.chance(0.2)) body['id'] = random.ulid()
  return post(`/api/v1/customers/${person.address}/events`, body)
}

// Nearly always just now; a tenth comes late, from phones that were offline and from imports.
function timeBefore(random: Random, now: number): number {
  return now - (random.chance(0.9) ? random.integer(0, 20) : random.integer(0, 2_000_000))
}

function page(random: Random, person: Person): Call {
  const url = `https://www.example.com/products/${random.hex(8)}`
  const title = random.pick(['Pricing', 'Docs - Start', 'Über uns', 'Release notes – 2024'])
  const data = { referrer: 'https://www.google.com/', title, user_agent: random.pick(userAgents), width: 1440 }
  return post(`/api/v1/customers/${person.address}/events`, { type: 'page', name: url, data })
}

const anonymousEvent: Make = (random, person) =>
  post('/api/v1/events', { ...eventOf(random, person), anonymous_id: random.uuid() })

function device(random: Random, person: Person, now: number): Call {
  const attributes = { app_version: `4.${random.integer(0, 30)}.1`, os_version: '17.2', push_enabled: 'true' }
  const platform = random.pick(['ios', 'android'])
  const sent = { id: random.hex(64), platform, last_used: timeBefore(random, now), attributes }
  return put(`/api/v1/customers/${person.address}/devices`, { device: sent })
}

const v2Entity: Make = (random, person, now) => post('/api/v2/entity', entity(random, person, now))

function entity(random: Random, person: Person, now: number): Call {
  const identifiers = random.chance(0.7) ? { id: person.id } : { email: person.email }
  const kind = random.integer(0, 3)
  if (kind === 0) return { type: 'person', identifiers, action: 'identify', attributes: traitsOf(random, person, now) }
  if (kind === 3) {
    const attributes = { name: person.account, seats: random.integer(1, 500), plan: 'enterprise' }
    const cio_relationships = [{ identifiers }]
    const object = { object_type_id: '1', object_id: person.account }
    return { type: 'object', identifiers: object, action: 'identify', attributes, cio_relationships }
  }
  const { name, data } = eventOf(random, person)
  return { type: 'person', identifiers, action: 'event', name, attributes: data }
}

function v2Batch(random: Random, _person: Person, now: number): Call {
  const batch = Array.from({ length: random.integer(2, 6) }, () => entity(random, random.pick(people), now))
  return post('/api/v2/batch', { batch })
}

const metric: Make = (random, { email }, now) =>
  post('/api/v1/metrics', { delivery_id: random.hex(24), metric: 'opened', timestamp: now, recipient: email })
const suppress: Make = (_random, person) => post(`/api/v1/customers/${person.address}/suppress`, undefined)
const remove: Make = (_random, person) => ({ method: 'DELETE', path: `/api/v1/customers/${person.address}` })
const merge: Make = (_random, { id, email }) =>
  post('/api/v1/merge_customers', { primary: { id }, secondary: { email } })
const form: Make = (random, { email }) => post(`/api/v1/forms/${random.hex(8)}/submit`, { data: { email } })
const nameless: Make = (_random, person) =>
  post(`/api/v1/customers/${person.address}/events`, { data: { plan: 'pro' } })

/** Share of all calls, in percent. */
const shares: readonly (readonly [number, Make])[] = [
  [35, identify],
  [36, event],
  [7, page],
  [2, anonymousEvent],
  [7, identifyWithRelationship],
  [5, v2Entity],
  [4, device],
  [1, v2Batch],
  [1.5, metric],
  [0.5, remove],
  [0.4, suppress],
  [0.3, merge],
  [0.2, form],
  [0.1, nameless],
]

const firstMs = Date.UTC(2024, 2, 1)

/** `count` lines of NDJSON, 25 a second. About 2 % hold a number that a double would change (1.50, 20 digits), 3 % carry
 *  the body as JSON text, a third have an id of their own. */
export function trackLines(count: number, seed = 1): string[] {
  const random = createRandom(seed)
  const bag = shares.flatMap(([percent, make]) => Array.from({ length: percent * 10 }, () => make))
  return Array.from({ length: count }, (_, index) => {
    const receivedAtMs = firstMs + index * 40 + random.integer(0, 39)
    const call = random.pick(bag)(random, random.pick(people), Math.floor(receivedAtMs / 1000))
    const body = random.chance(0.03) ? JSON.stringify(call['body']) : call['body']
    const id = random.chance(0.33) ? random.uuid() : undefined
    const source = random.chance(0.5) ? 'website' : 'backend'
    const received_at = new Date(receivedAtMs).toISOString()
    return withOddNumber(JSON.stringify({ id, source, ...call, body, received_at }), random)
  })
}

// JSON.stringify cannot write such numbers.
function withOddNumber(line: string, random: Random): string {
  if (!random.chance(0.03)) return line
  return line.replace(
    /("(?:total|price|logins|seats)":)[\d.]+/,
    `$1${random.pick(['1.50', '20.00', '12345678901234567890'])}`,
  )
}
