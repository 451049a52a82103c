// Five thousand people of one workspace: mostly known by id, some by email or cio_id, with names of many scripts.
import { createRandom } from './random.ts'

export interface Person {
  readonly id: string
  readonly email: string
  /** As it stands in a v1 path: id, email or cio_id, percent-encoded where a client would. */
  readonly address: string
  readonly firstName: string
  readonly lastName: string
  readonly account: string
  readonly city: string
  readonly country: string
  readonly zip: string
  readonly timezone: string
  /** Unix seconds. */
  readonly createdAt: number
}

// One in ten of these is not Latin-1, so that some lines are stored with two bytes a character.
const names =
  'Ada Lovelace, Bob Smith, Maria Garcia, John Doe, Emily Clark, Omar Haddad, Priya Patel, Liam Byrne, Sofia Rossi, Noah Williams, Chloé Dubois, José Núñez, Jürgen Groß, Søren Åberg, Zoë Márquez, Grace Kim, Peter Novak, Anna Schmidt, 美咲 佐藤, Łukasz Żak'.split(
    ', ',
  )
const places = [
  ['Berlin', 'DE', 'Europe/Berlin'],
  ['New York', 'US', 'America/New_York'],
  ['São Paulo', 'BR', 'America/Sao_Paulo'],
  ['Portland', 'US', 'America/Los_Angeles'],
  ['Zürich', 'CH', 'Europe/Zurich'],
] as const

const random = createRandom(42)

export const people: readonly Person[] = Array.from({ length: 5000 }, (_, index) => {
  const [firstName = '', lastName = ''] = random.pick(names).split(' ')
  const [city, country, timezone] = random.pick(places)
  const id = random.chance(0.5) ? String(100_000 + index) : random.uuid()
  const email = `${random.pick(['info', 'hello', 'anna.k', 'j.doe', 'm_lee'])}${index}@example.com`
  const known = random.integer(0, 19)
  const address =
    known < 15 ? id : known < 17 ? email : known < 19 ? encodeURIComponent(email) : `cio_${random.hex(12)}`
  const place = { city, country, timezone, zip: String(random.integer(10_000, 99_999)) }
  const account = `acct-${random.integer(1, 800)}`
  return {
    id,
    email,
    address,
    firstName,
    lastName,
    account,
    createdAt: 1_680_000_000 + random.integer(0, 25_000_000),
    ...place,
  }
})
