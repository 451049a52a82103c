// One token bucket for each API key at each API: destinations with the same one share it, taking turns. In: the
// destinations, their keys, rates and partitions. Out: leave to start a request. Ruled by sink.md, "Facts of the API".
//
//   Where rates differ, the smallest rules. Where one destination says that the limit is shared with other processes, the
//   bucket gets the part of the rate that is its part of the partitions of all its destinations: the parts of all
//   processes then add up to one.
import type { Clock } from '../clock.ts'
import { createFairQueue, waitInLane } from './fair-queue.ts'
import { defaultBurst, fullBucket, refill, takeToken, type Rate, type TokenBucket } from './token-bucket.ts'

export interface RateUserOptions {
  /** Whose limit it is, e.g. the API's origin and the key; asked for every request, so that a changed key moves to its
   *  own bucket. May throw: then the bucket stays. */
  identity(): string
  readonly requestsPerSecond: number
  /** True where other processes use the same key: the rate is divided by partitions. */
  readonly isShared: boolean
}

/** One destination. */
export interface RateUser {
  /** Whether one more request may start at once; then it has. */
  takeNow(): boolean
  /** Waits until one more request may start; false when `signal` aborts before. */
  take(signal: AbortSignal): Promise<boolean>
  /** How many partitions of its topic are ours, of how many. None as long as it was not called. */
  own(partitions: number, all: number): void
  leave(): void
}

export interface RateLimits {
  join(options: RateUserOptions): RateUser
}

/** At least 2, so that a timer's lateness is made up for at small rates too. */
const burstOf = (requestsPerSecond: number): number => Math.max(2, defaultBurst(requestsPerSecond))

const rateOf = (requestsPerSecond: number): Rate => ({ requestsPerSecond, burst: burstOf(requestsPerSecond) })

interface Member {
  readonly options: RateUserOptions
  owned: number
  all: number
  bucket: Bucket
}

/** No bucket exists before its first member. */
export function createRateLimits(clock: Clock): RateLimits {
  const buckets = new Map<string, Bucket>()

  const bucketFor = (identity: string): Bucket => {
    const known = buckets.get(identity)
    if (known) return known
    const made = createBucket(clock, () => buckets.delete(identity))
    buckets.set(identity, made)
    return made
  }

  return {
    join(options) {
      let identity = readIdentity(options, '')
      const member: Member = { options, owned: 0, all: 0, bucket: bucketFor(identity) }
      member.bucket.add(member)
      const follow = (): void => {
        const current = readIdentity(options, identity)
        if (current === identity) return
        identity = current
        member.bucket.remove(member)
        member.bucket = bucketFor(identity)
        member.bucket.add(member)
      }
      return {
        takeNow() {
          follow()
          return member.bucket.takeNow()
        },
        async take(signal) {
          follow()
          return member.bucket.take(member, signal)
        },
        own(partitions, all) {
          member.owned = partitions
          member.all = all
          member.bucket.changed()
        },
        leave: () => member.bucket.remove(member),
      }
    },
  }
}

function readIdentity(options: RateUserOptions, otherwise: string): string {
  try {
    return options.identity()
  } catch {
    // The request will fail for it, and that is told.
    return otherwise
  }
}

interface Bucket {
  add(member: Member): void
  /** Those of the member that wait here still go from here. */
  remove(member: Member): void
  /** A member's partitions have changed. */
  changed(): void
  takeNow(): boolean
  take(member: Member, signal: AbortSignal): Promise<boolean>
}

function createBucket(clock: Clock, onEmpty: () => void): Bucket {
  const members = new Set<Member>()
  const waiting = createFairQueue<Member, () => void>()
  let rate = rateOf(0)
  let bucket: TokenBucket | null = null
  let asleep: AbortController | null = null

  const changed = (): void => {
    if (members.size === 0) return
    const next = rateOf(sharedRate([...members].map(({ options, owned, all }) => ({ ...options, owned, all }))))
    bucket = bucket === null ? fullBucket(next, clock.now()) : refill(bucket, clock.now(), rate)
    rate = next
    asleep?.abort()
  }
  /** Takes a token, or tells how long there will be none, in milliseconds. */
  const spend = (): number => {
    const taken = takeToken(bucket ?? fullBucket(rate, clock.now()), clock.now(), rate)
    if (taken.waitMs === 0) bucket = taken.bucket
    return taken.waitMs
  }
  // One at a time waits by the clock, for the first in the queue: so a change of the rate counts for all who wait.
  const serve = async (): Promise<void> => {
    if (asleep !== null) return
    while (waiting.size() > 0) {
      const waitMs = spend()
      if (waitMs === 0) waiting.shift()?.()
      else {
        asleep = new AbortController()
        await sleepUpTo(clock, waitMs, asleep.signal)
        asleep = null
      }
    }
  }

  return {
    changed,
    takeNow: () => waiting.size() === 0 && spend() === 0,
    add(member) {
      members.add(member)
      changed()
    },
    remove(member) {
      members.delete(member)
      changed()
      if (members.size === 0) onEmpty()
    },
    async take(member, signal) {
      const turn = waitInLane(waiting, member, signal, (go) => go)
      void serve()
      const goes = await turn
      if (!goes && waiting.size() === 0) asleep?.abort()
      return goes
    },
  }
}

interface Share extends Pick<RateUserOptions, 'requestsPerSecond' | 'isShared'> {
  readonly owned: number
  readonly all: number
}

/** Requests a second for all of them together: the smallest rate of them, and of that, where one of them shares it with
 *  other processes, the part that is our part of all their partitions; 0 as long as no partition is ours. */
export function sharedRate(users: readonly Share[]): number {
  const smallest = Math.min(...users.map(({ requestsPerSecond }) => requestsPerSecond))
  if (!users.some(({ isShared }) => isShared)) return smallest
  const owned = users.reduce((sum, user) => sum + user.owned, 0)
  const all = users.reduce((sum, user) => sum + user.all, 0)
  return all === 0 ? 0 : smallest * Math.min(1, owned / all)
}

async function sleepUpTo(clock: Clock, waitMs: number, signal: AbortSignal): Promise<void> {
  if (Number.isFinite(waitMs)) return clock.sleep(waitMs, signal)
  // At a rate of 0 only a change ends the wait.
  await new Promise<void>((resolve) => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
