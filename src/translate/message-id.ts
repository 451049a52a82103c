// Which: a ULID made from the raw record alone, so that a replay gives the same ids (mapping.md, "Which").
// Own code, because one id a message makes this a hot loop of the translation: 0.2 us, where the ulid package takes 1.0 us
// with SHA-256 as its source of randomness (bench/message-id.ts). test/translate/message-id.test.ts holds both together.

const alphabet = Array.from('0123456789ABCDEFGHJKMNPQRSTVWXYZ', (letter) => letter.charCodeAt(0))
const timeLength = 10
const length = 26
// One text made at once of character codes: put together of pieces, V8 would have to copy it once more to read it.
const codes = Array.from({ length }, () => 0)

/** Which raw record: its own id, else its place in Kafka. */
export type RecordIdentity = string | { readonly topic: string; readonly partition: number; readonly offset: number }

/** ULID: time part = `receivedAtMs`, random part = 80 bits of a hash of the record's identity and the message's index in
 *  it. The ids of one record always differ. */
export function deriveMessageId(receivedAtMs: number, identity: RecordIdentity, index: number): string {
  writeTime(receivedAtMs)
  hashIdentity(identity)
  writeRandom(index)
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

// Three hashes of 32 bits at once, each over all characters: multiply and rotate, then the finalizer of MurmurHash3. No
// secret depends on it, so it need not be cryptographic (SHA-256 costs 0.7 us more, a fifteenth of a whole translation): it
// only has to tell records of the same millisecond apart, and who writes raw records may repeat an id of theirs anyway.
let first = 0
let second = 0
let third = 0

function hashIdentity(identity: RecordIdentity): void {
  if (typeof identity === 'string') {
    begin()
    hashText(identity)
    return
  }
  if (identity.topic === knownTopic && identity.partition === knownPartition) {
    first = knownFirst
    second = knownSecond
    third = knownThird
  } else hashPartition(identity)
  hashText(String(identity.offset))
}

// Records come partition by partition: what all of one have in common is hashed once.
let knownTopic = ''
let knownPartition = -1
let knownFirst = 0
let knownSecond = 0
let knownThird = 0

function hashPartition({ topic, partition }: Exclude<RecordIdentity, string>): void {
  begin()
  hashText(`${topic}:${partition}:`)
  knownTopic = topic
  knownPartition = partition
  knownFirst = first
  knownSecond = second
  knownThird = third
}

function begin(): void {
  first = 0x243f6a88
  second = 0x85a308d3
  third = 0x13198a2e
}

function hashText(text: string): void {
  let [a, b, c] = [first, second, third]
  const { length: end } = text
  for (let at = 0; at < end; at++) {
    const unit = text.charCodeAt(at)
    a = Math.imul(a ^ unit, 0x85ebca6b)
    a = (a << 13) | (a >>> 19)
    b = Math.imul(b ^ unit, 0xc2b2ae35)
    b = (b << 15) | (b >>> 17)
    c = Math.imul(c ^ unit, 0x27d4eb2f)
    c = (c << 17) | (c >>> 15)
  }
  first = a
  second = b
  third = c
}

// Each step can be undone, and the text keeps all 32 bits of `lowest`: another index is another id.
function writeRandom(index: number): void {
  const lowest = finish(first + index)
  const middle = finish(second ^ lowest)
  const highest = finish(third ^ middle)
  writeBits(timeLength, 6, lowest)
  writeBits(timeLength + 6, 6, middle)
  writeBits(timeLength + 12, 4, (highest << 4) | (lowest >>> 30) | ((middle >>> 30) << 2))
}

function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

/** The lowest bits, five a character. */
function writeBits(start: number, count: number, bits: number): void {
  for (let at = 0; at < count; at++) codes[start + at] = alphabet[(bits >>> (5 * at)) & 31] ?? 0
}
