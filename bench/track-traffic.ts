// Raw Track calls as a busy workspace makes them, one JSON text each: the work that the benchmarks measure. A seed gives
// the same lines on every machine. The shares below are what is being claimed by "realistic": change them in one place.
import { createRandom, type Random } from './random.ts'
import { people, type Person } from './track-people.ts'

type Call = Readonly<Record<string, unknown>>
type Make = (random: Random, person: Person) => Call

const put = (path: string, body: unknown): Call => ({ method: 'PUT', path, body })
const post = (path: string, body: unknown): Call => ({ method: 'POST', path, body })

function identify(random: Random, person: Person): Call {
  return put(`/api/v1/customers/${person.address}`, traitsOf(random, person))
}

function identifyWithRelationship(random: Random, person: Person): Call {
  const relationship = {
    identifiers: { object_type_id: '1', object_id: person.account },
    relationship_attributes: { role: random.pick(['owner', 'admin', 'member']), since: person.createdAt },
  }
  const cio_relationships = { action: 'add_relationships', relationships: [relationship] }
  return put(`/api/v1/customers/${person.address}`, { ...traitsOf(random, person), cio_relationships })
}

function traitsOf(random: Random, person: Person): Record<string, unknown> {
  const traits: Record<string, unknown> = {
    email: person.email,
    first_name: person.firstName,
    last_name: person.lastName,
    created_at: person.createdAt,
    plan: random.pick(['free', 'basic', 'premium', 'enterprise']),
    signup_source: random.pick(['organic', 'google_ads', 'referral']),
  }
  if (random.chance(0.6)) traits['last_login'] = person.createdAt + random.integer(1, 20_000_000)
  if (random.chance(0.5)) traits['logins'] = random.integer(1, 900)
  if (random.chance(0.4)) traits['address'] = { city: person.city, country: person.country, zip: person.zip }
  if (random.chance(0.4)) traits['newsletter'] = random.chance(0.7)
  if (random.chance(0.3)) traits['tags'] = random.some(['trial', 'vip', 'beta', 'churn-risk', 'webinar'])
  if (random.chance(0.3)) traits['timezone'] = person.timezone
  if (random.chance(0.2)) traits['company'] = null
  if (random.chance(0.3)) traits['lifetime_value'] = random.price()
  if (random.chance(0.3)) traits['last_seen_page'] = `https://app.example.com/projects/${random.hex(12)}/settings`
  if (random.chance(0.2)) traits['avatar_url'] = `https://cdn.example.com/u/${random.hex(32)}.png`
  if (random.chance(0.1)) traits['_update'] = true
  if (random.chance(0.1)) traits['phone'] = `+49151${random.integer(1_000_000, 9_999_999)}`
  return traits
}

function event(random: Random, person: Person): Call {
  const body: Record<string, unknown> = { name: random.pick(eventNames), data: eventData(random, person) }
  if (random.chance(0.6)) body['timestamp'] = random.time()
  if (random.chance(0.2)) body['id'] = random.ulid()
  return post(`/api/v1/customers/${person.address}/events`, body)
}

const eventNames = ['purchase', 'cart_updated', 'Order Completed', 'signed_up', 'video_played', 'invite sent', 'search']

function eventData(random: Random, person: Person): Record<string, unknown> {
  const items = Array.from({ length: random.integer(1, 3) }, () => ({
    sku: `SKU-${random.integer(10_000, 99_999)}`,
    title: random.pick(['Wool socks', 'Café crème, 1 kg', 'Notebook "A5"', 'Lampe à poser', '折りたたみ傘']),
    quantity: random.integer(1, 4),
    price: random.price(),
  }))
  const data: Record<string, unknown> = { order_id: `${random.integer(100_000, 9_999_999)}`, total: random.price() }
  if (random.chance(0.6)) data['items'] = items
  if (random.chance(0.5)) data['currency'] = random.pick(['USD', 'EUR', 'JPY'])
  if (random.chance(0.4)) data['coupon'] = random.chance(0.5) ? null : `SAVE${random.integer(5, 50)}`
  if (random.chance(0.4)) data['referrer'] = `https://www.example.com/search?q=${random.hex(8)}&utm_source=newsletter`
  if (random.chance(0.3)) data['city'] = person.city
  if (random.chance(0.5)) data['user_agent'] = random.pick(userAgents)
  if (random.chance(0.3)) data['first_order'] = random.chance(0.2)
  return data
}

const userAgents = [
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Safari/605.1.15',
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/121.0 Mobile Safari/537.36',
]

function page(random: Random, person: Person): Call {
  const url = `https://www.example.com/products/${random.hex(8)}`
  const data = { referrer: 'https://www.google.com/', title: random.pick(['Pricing', 'Docs – Start', 'Über uns']) }
  return post(`/api/v1/customers/${person.address}/events`, { type: 'page', name: url, data })
}

function anonymousEvent(random: Random, person: Person): Call {
  const name = random.pick(eventNames)
  return post('/api/v1/events', { name, anonymous_id: random.uuid(), data: eventData(random, person) })
}

function device(random: Random, person: Person): Call {
  const attributes = { app_version: `4.${random.integer(0, 30)}.1`, os_version: '17.2', push_enabled: 'true' }
  const platform = random.pick(['ios', 'android'])
  const sent = { id: random.hex(64), platform, last_used: random.time(), attributes }
  return put(`/api/v1/customers/${person.address}/devices`, { device: sent })
}

function v2Entity(random: Random, person: Person): Call {
  return post('/api/v2/entity', entity(random, person))
}

function entity(random: Random, person: Person): Call {
  const identifiers = random.chance(0.7) ? { id: person.id } : { email: person.email }
  const kind = random.integer(0, 3)
  if (kind === 0) return { type: 'person', identifiers, action: 'identify', attributes: traitsOf(random, person) }
  if (kind === 3) {
    const attributes = { name: person.account, seats: random.integer(1, 500), plan: 'enterprise' }
    const cio_relationships = [{ identifiers }]
    const object = { object_type_id: '1', object_id: person.account }
    return { type: 'object', identifiers: object, action: 'identify', attributes, cio_relationships }
  }
  const attributes = eventData(random, person)
  return { type: 'person', identifiers, action: 'event', name: random.pick(eventNames), attributes }
}

function v2Batch(random: Random): Call {
  const batch = Array.from({ length: random.integer(2, 6) }, () => entity(random, random.pick(people)))
  return post('/api/v2/batch', { batch })
}

function metric(random: Random): Call {
  const recipient = random.pick(people).email
  return post('/api/v1/metrics', { delivery_id: random.hex(24), metric: 'opened', timestamp: random.time(), recipient })
}

const suppress: Make = (_random, person) => post(`/api/v1/customers/${person.address}/suppress`, undefined)
const remove: Make = (_random, person) => ({ method: 'DELETE', path: `/api/v1/customers/${person.address}` })
const merge: Make = (_random, { id, email }) => post('/api/v1/merge_customers', { primary: { id }, secondary: { email } })
const form: Make = (random, { email }) => post(`/api/v1/forms/${random.hex(8)}/submit`, { data: { email } })
const nameless: Make = (_random, person) => post(`/api/v1/customers/${person.address}/events`, { data: { plan: 'pro' } })

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

/** `count` lines of NDJSON. About 2 % of them hold a number that a double would change (1.50, 20 digits), 3 % carry the
 *  body as JSON text, a third have an id of their own. */
export function trackLines(count: number, seed = 1): string[] {
  const random = createRandom(seed)
  const bag = shares.flatMap(([percent, make]) => Array.from({ length: percent * 10 }, () => make))
  return Array.from({ length: count }, (_, index) => {
    const call = random.pick(bag)(random, random.pick(people))
    const received_at = new Date(firstMs + index * 40 + random.integer(0, 39)).toISOString()
    const body = random.chance(0.03) ? JSON.stringify(call['body']) : call['body']
    const id = random.chance(0.33) ? random.uuid() : undefined
    const source = random.chance(0.5) ? 'website' : 'backend'
    return withOddNumber(JSON.stringify({ id, source, ...call, body, received_at }), random)
  })
}

// JSON.stringify cannot write such numbers.
function withOddNumber(line: string, random: Random): string {
  if (!random.chance(0.03)) return line
  return line.replace(/("(?:total|price|logins)":)[\d.]+/, `$1${random.pick(['1.50', '20.00', '12345678901234567890'])}`)
}
