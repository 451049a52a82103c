// A bearer token held for as long as it is good, and fetched anew before it ends. In: how to fetch one. Out: a token for
// each authentication of any number of connections, with one fetch at a time. While fetching fails, a token that has
// not ended stays in use; without one the fetch is tried for a while: its server being away is infrastructure.
import type { Clock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import { expiryOfToken, principalOfToken, type BearerToken } from './bearer-token.ts'

/** A token as its issuer gave it. */
export interface IssuedToken {
  readonly value: string
  /** Milliseconds since 1970; absent: as the token itself says, else five minutes from now. */
  readonly expiresAtMs?: number
}

export interface TokenSource {
  /** Rejects with what `fetch` rejected with last. */
  token(): Promise<BearerToken>
  /** Of the last token, e.g. `User:alice`; undefined before the first one, or where it does not say. */
  principal(): string | undefined
}

export interface TokenCacheOptions {
  /** Rejects with TB_KAFKA_UNAVAILABLE where trying again may help. */
  readonly fetch: () => Promise<IssuedToken>
  readonly extensions?: Readonly<Record<string, string>>
  /** Longest time of trying while there is no token. */
  readonly patienceMs: number
}

const unknownLifetimeMs = 300_000
/** A new one is fetched after this share of a token's life, so that brokers never see one end. */
const renewedAt = 0.8
const firstRetryMs = 500
const longestRetryMs = 5_000

interface Held {
  readonly token: BearerToken
  readonly renewAtMs: number
  readonly expiresAtMs: number
}

/** Fetches nothing before the first `token`. */
export function createTokenCache(options: TokenCacheOptions, clock: Clock): TokenSource {
  let held: Held | undefined
  let underWay: Promise<Held> | undefined
  let retryAtMs = 0
  const renew = (): Promise<Held> => {
    underWay ??= fetchPatiently(options, clock, () => held).finally(() => (underWay = undefined))
    return underWay
  }
  return {
    async token() {
      const nowMs = clock.now()
      const isGood = held !== undefined && nowMs < held.expiresAtMs
      if (held !== undefined && isGood && (nowMs < held.renewAtMs || nowMs < retryAtMs)) return held.token
      try {
        held = await renew()
      } catch (error) {
        if (held === undefined || clock.now() >= held.expiresAtMs) throw error
        retryAtMs = clock.now() + longestRetryMs
      }
      return held.token
    },
    principal: () => (held === undefined ? undefined : principalOfToken(held.token.value)),
  }
}

async function fetchPatiently(
  { fetch, extensions, patienceMs }: TokenCacheOptions,
  clock: Clock,
  current: () => Held | undefined,
): Promise<Held> {
  const untilMs = clock.now() + patienceMs
  for (let waitMs = firstRetryMs; ; waitMs = Math.min(waitMs * 2, longestRetryMs)) {
    try {
      return toHeld(await fetch(), extensions, clock.now())
    } catch (error) {
      const passes = error instanceof TrackbridgeError && error.code === 'TB_KAFKA_UNAVAILABLE'
      // Whoever has a token that is still good need not wait for another.
      const isUrgent = clock.now() >= (current()?.expiresAtMs ?? 0)
      if (!passes || !isUrgent || clock.now() + waitMs > untilMs) throw error
      await clock.sleep(waitMs)
    }
  }
}

function toHeld({ value, expiresAtMs }: IssuedToken, extensions: TokenCacheOptions['extensions'], nowMs: number): Held {
  const endMs = expiresAtMs ?? expiryOfToken(value) ?? nowMs + unknownLifetimeMs
  return {
    token: { value, ...(extensions === undefined ? {} : { extensions }) },
    renewAtMs: nowMs + (endMs - nowMs) * renewedAt,
    expiresAtMs: endMs,
  }
}
