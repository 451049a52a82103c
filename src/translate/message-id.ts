// Which: a ULID made from the raw record alone, so that a replay gives the same ids (mapping.md, "Which").
// Own base 32, because one id a message makes this a hot loop of the translation: two thirds of the time of the ulid package with
// the same hash (bench/message-id.ts). test/translate/message-id.test.ts holds both together. The hash is SHA-256: the
// API drops a message whose id it has seen, so two records must never share one, whatever stands in their ids.
import { hash } from 'node:crypto'

const alphabet = Array.from('0123456789ABCDEFGHJKMNPQRSTVWXYZ', (letter) => letter.charCodeAt(0))
const timeLength = 10
const length = 26
// One text made at once of character codes: put together of pieces, V8 would have to copy it once more to read it.
const codes = Array.from({ length }, () => 0)

/** Which raw record: its own id, else its place in Kafka. */
export type RecordIdentity = string | { readonly topic: string; readonly partition: number; readonly offset: number }

/** ULID: time part = `receivedAtMs`, random part = 80 bits of a hash of the record's identity and the message's index in
 *  it. */
export function deriveMessageId(receivedAtMs: number, identity: RecordIdentity, index: number): string {
  const place = typeof identity === 'string' ? identity : `${identity.topic}:${identity.partition}:${identity.offset}`
  writeTime(receivedAtMs)
  writeRandom(hash('sha256', `${place}#${index}`, 'binary'))
  return String.fromCharCode.apply(undefined, codes)
}

// In halves of 25 bits, for which V8 has fast arithmetic; the remainder of larger numbers takes it 20 ns each.
function writeTime(ms: number): void {
  const high = Math.floor(ms / 0x200_0000)
  const low = ms - high * 0x200_0000
  for (let at = 0; at < 5; at++) {
    const shift = 5 * (4 - at)
    codes[at] = alphabet[(high >>> shift) & 31] ?? 0
    codes[at + 5] = alphabet[(low >>> shift) & 31] ?? 0
  }
}

// Five bits of each of the first 16 bytes.
function writeRandom(digest: string): void {
  for (let at = timeLength; at < length; at++) codes[at] = alphabet[digest.charCodeAt(at - timeLength) & 31] ?? 0
}
