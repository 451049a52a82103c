// Which: a ULID made from the raw record alone, so that a replay gives the same ids (mapping.md, "Which").
// Own base 32 instead of the ulid package: one id a message makes this the hottest loop of the translation, and the
// package takes 2.2 us where this takes 0.7 us (bench/message-id.ts); a test holds both against each other.
import { hash } from 'node:crypto'

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** Two characters for each value of 10 bits. */
const pairs = Array.from(alphabet, (first) => Array.from(alphabet, (second) => first + second)).flat()
const pairValues = 1024

/** ULID: time part = `receivedAtMs`, random part = SHA-256 of the record's identity and the message's index in it.
 *  `identity`: the record's own id, else "topic:partition:offset". */
export function deriveMessageId(receivedAtMs: number, identity: string, index: number): string {
  return timePart(receivedAtMs) + randomPart(hash('sha256', `${identity}#${index}`, 'binary'))
}

function timePart(ms: number): string {
  let text = ''
  let rest = ms
  for (let i = 0; i < 5; i++) {
    text = (pairs[rest % pairValues] ?? '') + text
    rest = Math.floor(rest / pairValues)
  }
  return text
}

// Ten bits of every two bytes of the digest: 80 bits of it in all.
function randomPart(digest: string): string {
  let text = ''
  for (let i = 0; i < 16; i += 2) {
    const value = (digest.charCodeAt(i) << 8) | digest.charCodeAt(i + 1)
    text += pairs[value % pairValues] ?? ''
  }
  return text
}
