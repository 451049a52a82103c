// Our messageId beside the `ulid` package's: time part and random part from the same inputs, so that both do the same work.
import { hash } from 'node:crypto'
import { ulid } from 'ulid'
import { deriveMessageId, type RecordIdentity } from '../src/translate/message-id.ts'
import { measureAlternating, type BenchOptions, type BenchResult } from './measure.ts'

const firstMs = Date.UTC(2024, 2, 1)
const rounds = 7

type Place = Exclude<RecordIdentity, string>

/** Ids a second, `calls` of them a round, default 100,000. */
export async function benchMessageId({ calls = 100_000 }: BenchOptions): Promise<BenchResult> {
  const places = Array.from({ length: calls }, (_, offset) => ({ topic: 'cio.track.raw', partition: 3, offset }))
  const lengths = (derive: (place: Place) => string): number =>
    places.reduce((sum, place) => sum + derive(place).length, 0)
  const rates = await measureAlternating(
    [
      { name: 'ulid package', run: () => lengths(packageId) },
      { name: 'deriveMessageId', run: () => lengths((place) => deriveMessageId(firstMs + place.offset, place, 0)) },
    ],
    calls,
    rounds,
  )
  return { facts: { calls, rounds }, rates }
}

// The package asks for one random number in [0, 1) a character: the bytes of a SHA-256 give them.
function packageId({ topic, partition, offset }: Place): string {
  const digest = hash('sha256', `${topic}:${partition}:${offset}#0`, 'binary')
  let at = 0
  return ulid(firstMs + offset, () => digest.charCodeAt(at++) / 256)
}
