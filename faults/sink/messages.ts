// Messages as `process` writes them to a destination topic: people drawn unevenly, one of them hot; tracks mostly, some
// identifies, pages, groups, anonymous ones, and aliases that join an anonymous id with a person. Each person stands on
// one partition. What is to become of a message stands at the end of its messageId: `m17` is to be delivered, `m18-rejected`
// to be a dead letter for that reason. Pure.
import type { Placed } from '../writer.ts'

/** Where a message is to end. */
export type Fate = 'delivered' | 'rejected' | 'too_large' | 'unreadable'

/** Shares, from 0 to 1, of messages that are not to be delivered, and of those that have to go alone. */
export interface Mixture {
  /** The API refuses them. */
  readonly rejected?: number
  /** Too large for the sink or for the API. */
  readonly tooLarge?: number
  /** Of those; absent: larger than the sink sends at all. */
  readonly tooLargeBytes?: number
  /** No JSON, or no message. */
  readonly unreadable?: number
  /** Too large for a batch, small enough to go alone. */
  readonly alone?: number
  /** Only on this partition; absent: on all. */
  readonly partition?: number
}

export interface MessageOptions {
  readonly count: number
  readonly partitions: number
  /** Number of the first one; numbers are never used twice. */
  readonly from: number
  readonly mixture?: Mixture
  /** From 0 to below 1. */
  readonly random: () => number
  /** Milliseconds since 1970. */
  readonly timestamp: number
}

/** Sizes that sort messages out: the limits maxCallBytes and maxSingleBytes of the sink lie between them. */
const aloneBytes = 40_000
const tooLargeBytes = 70_000

const people = 400
const suffixes: Readonly<Record<Fate, string>> = {
  delivered: '',
  rejected: '-rejected',
  too_large: '-too_large',
  unreadable: '-unreadable',
}

/** What is to become of the message with this id. */
export function fateOf(messageId: string): Fate {
  const [, suffix] = messageId.split('-')
  return suffix === 'rejected' || suffix === 'too_large' || suffix === 'unreadable' ? suffix : 'delivered'
}

/** Number of a message, by which it was fed: 17 of `m17-rejected`. */
export const numberOf = (messageId: string): number => Number.parseInt(messageId.slice(1), 10)

/** Records in the order in which they are to be written. */
export function messages(options: MessageOptions): readonly Placed[] {
  return Array.from({ length: options.count }, (_, index) => toRecord(options, options.from + index))
}

function toRecord({ partitions, mixture = {}, random, timestamp }: MessageOptions, number: number): Placed {
  // The third power draws one person in seven times to the first of them.
  const person = Math.floor(people * random() ** 3)
  const partition = person % partitions
  const isMixed = mixture.partition === undefined || mixture.partition === partition
  const [fate, bytes] = draw(isMixed ? mixture : {}, random())
  const messageId = `m${number}${suffixes[fate]}`
  const head = identity(person, random())
  const at = new Date(timestamp).toISOString()
  const text = JSON.stringify({
    messageId,
    timestamp: at,
    originalTimestamp: at,
    sentAt: at,
    receivedAt: at,
    context: { library: 'faults' },
    ...head,
    properties: { number, text: filler(bytes === 0 ? 100 + random() * 500 : bytes, random) },
    integrations: { All: true },
  })
  return {
    partition,
    key: head.userId ?? head.anonymousId ?? head.groupId ?? messageId,
    // Digits that a double does not hold must arrive as they are.
    value: fate === 'unreadable' ? unreadable(number, text) : text.replace('"number":', '"exact":0.10,"number":'),
    headers: { 'tb-src': `raw:0:${number}:0`, 'tb-mid': messageId, 'tb-type': head.type },
    timestamp: String(timestamp),
  }
}

function draw(mixture: Mixture, drawn: number): [Fate, number] {
  const { rejected = 0, tooLarge = 0, unreadable: broken = 0, alone = 0 } = mixture
  if (drawn < rejected) return ['rejected', 0]
  if (drawn < rejected + tooLarge) return ['too_large', mixture.tooLargeBytes ?? tooLargeBytes]
  if (drawn < rejected + tooLarge + broken) return ['unreadable', 0]
  return ['delivered', drawn < rejected + tooLarge + broken + alone ? aloneBytes : 0]
}

interface Identity {
  readonly type: string
  readonly userId?: string
  readonly anonymousId?: string
  readonly previousId?: string
  readonly groupId?: string
  readonly event?: string
  readonly traits?: object
}

function identity(person: number, drawn: number): Identity {
  const [userId, anonymousId, groupId] = [`u${person}`, `a${person}`, `g${person}`]
  if (drawn < 0.08) return { type: 'identify', userId, traits: { plan: 'pro' } }
  if (drawn < 0.12) return { type: 'page', userId }
  if (drawn < 0.2) return { type: 'track', anonymousId, event: 'viewed' }
  if (drawn < 0.24) return { type: 'group', userId, groupId }
  if (drawn < 0.26) return { type: 'group', groupId, anonymousId }
  if (drawn < 0.3) return { type: 'alias', userId, previousId: anonymousId }
  return { type: 'track', userId, event: 'viewed' }
}

const filler = (bytes: number, random: () => number): string =>
  random()
    .toString(36)
    .slice(2, 10)
    .repeat(Math.ceil(bytes / 8))

// Each in turn: not JSON, not an object, an unknown type, cut off.
function unreadable(number: number, text: string): string {
  const forms = ['no JSON at all', '[1,2]', '{"type":"dance","messageId":"x"}', text.slice(0, -20)]
  return forms[number % forms.length] ?? ''
}
