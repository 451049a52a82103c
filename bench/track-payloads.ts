// What people's attributes and events hold. As in a real workspace, a few places in a customer's code make all the calls:
// each sends its own keys, some of them only now and then.
import type { Random } from './random.ts'
import type { Person } from './track-people.ts'

type Attributes = Record<string, unknown>

/** Attributes of an identify, from the web app, a nightly sync of the CRM, the billing system or the mobile app. */
export function traitsOf(random: Random, person: Person, now: number): Attributes {
  return random.pick([fromWebApp, fromWebApp, fromCrm, fromBilling, fromMobileApp])(random, person, now)
}

function fromWebApp(random: Random, person: Person, now: number): Attributes {
  const { email, firstName, lastName, createdAt } = person
  return {
    email,
    first_name: firstName,
    last_name: lastName,
    created_at: createdAt,
    plan: random.pick(['free', 'basic', 'premium', 'enterprise']),
    last_login: now - random.integer(0, 86_400),
    logins: random.integer(1, 900),
    newsletter: random.chance(0.7),
    ...(random.chance(0.3) && { last_seen_page: `https://app.example.com/projects/${random.hex(12)}/settings` }),
    ...(random.chance(0.2) && { avatar_url: `https://cdn.example.com/u/${random.hex(32)}.png` }),
    ...(random.chance(0.1) && { _update: true }),
  }
}

function fromCrm(random: Random, person: Person): Attributes {
  const { email, firstName, lastName, createdAt, city, country, zip, account } = person
  return {
    email,
    first_name: firstName,
    last_name: lastName,
    created_at: createdAt,
    company: random.chance(0.3) ? null : account,
    address: { city, country, zip },
    tags: random.some(['trial', 'vip', 'beta', 'churn-risk', 'webinar']),
    signup_source: random.pick(['organic', 'google_ads', 'referral']),
    owner: random.pick(['m.lee@example.com', 'anna.k@example.com', '']),
    ...(random.chance(0.5) && { phone: `+49151${random.integer(1_000_000, 9_999_999)}` }),
    ...(random.chance(0.3) && { notes: 'Called on Monday; wants a demo of "Reports".\nSend the price list.' }),
  }
}

function fromBilling(random: Random, person: Person, now: number): Attributes {
  return {
    email: person.email,
    plan: random.pick(['free', 'basic', 'premium', 'enterprise']),
    lifetime_value: random.price(),
    billing_email: person.email,
    billing_address: {
      line: `${random.integer(1, 300)} Main Street`,
      city: person.city,
      country: person.country,
      zip: person.zip,
    },
    last_invoice_at: now - random.integer(0, 2_600_000),
    last_invoice: {
      number: `INV-${random.integer(10_000, 99_999)}`,
      total: random.price(),
      currency: 'EUR',
      paid: true,
    },
    ...(random.chance(0.2) && { trial_ends_at: now + random.integer(0, 1_200_000) }),
  }
}

function fromMobileApp(random: Random, person: Person, now: number): Attributes {
  return {
    email: person.email,
    first_name: person.firstName,
    timezone: person.timezone,
    locale: random.pick(['en-US', 'de-DE', 'pt-BR', 'ja-JP']),
    app_version: `4.${random.integer(0, 30)}.1`,
    last_opened_at: now,
    os_version: random.pick(['iOS 17.2', 'Android 14']),
    device_model: random.pick(['iPhone15,2', 'Pixel 8', 'SM-S918B']),
    favourites: random.some(['SKU-10442', 'SKU-20871', 'SKU-33010', 'SKU-48213', 'SKU-90112']),
    push_enabled: random.chance(0.8),
    sessions: random.integer(1, 400),
    ...(random.chance(0.1) && { _timestamp: now }),
  }
}

export interface NamedEvent extends Attributes {
  readonly name: string
  readonly data: Attributes
}

/** Name and data of an event; each name has data of its own. */
export function eventOf(random: Random, person: Person): NamedEvent {
  const [name, make] = random.pick(events)
  return { name, data: make(random, person) }
}

const events: readonly (readonly [string, (random: Random, person: Person) => Attributes])[] = [
  ['Order Completed', order],
  ['purchase', order],
  ['cart_updated', cart],
  ['search', search],
  ['video_played', video],
  ['signed_up', signup],
  ['invite sent', invite],
]

function itemsOf(random: Random): Attributes[] {
  return Array.from({ length: random.integer(1, 3) }, () => ({
    sku: `SKU-${random.integer(10_000, 99_999)}`,
    title: random.pick(['Wool socks', 'Café crème, 1 kg', 'Notebook "A5"', 'Lampe à poser', '折りたたみ傘']),
    quantity: random.integer(1, 4),
    price: random.price(),
  }))
}

function order(random: Random, person: Person): Attributes {
  return {
    order_id: `${random.integer(100_000, 9_999_999)}`,
    total: random.price(),
    currency: random.pick(['USD', 'EUR', 'JPY']),
    items: itemsOf(random),
    coupon: random.chance(0.6) ? null : `SAVE${random.integer(5, 50)}`,
    city: person.city,
    ...(random.chance(0.3) && { first_order: true }),
  }
}

function cart(random: Random): Attributes {
  return { cart_id: random.uuid(), items: itemsOf(random), total: random.price(), currency: 'USD' }
}

function search(random: Random): Attributes {
  const results = random.integer(0, 240)
  return { query: random.pick(['socks', 'lampe', '傘', 'a5 notebook']), results, user_agent: random.pick(userAgents) }
}

export const userAgents = [
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Safari/605.1.15',
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/121.0 Mobile Safari/537.36',
]

function video(random: Random): Attributes {
  return {
    video_id: random.hex(11),
    title: random.pick(['Getting started', 'Reports in depth', 'Wie man einlädt']),
    position_seconds: random.price(),
    quality: random.pick(['720p', '1080p']),
    muted: random.chance(0.2),
  }
}

function signup(random: Random, person: Person): Attributes {
  const referrer = `https://www.example.com/search?q=${random.hex(8)}&utm_source=newsletter`
  return {
    method: random.pick(['google', 'password', 'sso']),
    referrer,
    user_agent: random.pick(userAgents),
    city: person.city,
  }
}

function invite(random: Random, person: Person): Attributes {
  return {
    to: `guest${random.integer(1, 9999)}@example.com`,
    account: person.account,
    role: 'member',
    seats: random.integer(1, 90),
  }
}
