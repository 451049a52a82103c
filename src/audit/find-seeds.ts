// What somebody looks for -> the raw records it is about. In: a place on any topic, a messageId, a person. Out: raw places.
// A place is read at once; for the others every topic is read from one end of the window to the other.
import type { ConsumerRecord, OffsetRange } from '../kafka/broker.ts'
import { parsePlace, placeText, type Place } from '../history/window.ts'
import { rangesSince, readOne, readRecords, type FindPass } from './find-pass.ts'
import { clockSkewMs } from './pass.ts'
import { provenanceOf, type Provenance } from './provenance.ts'
import { isOfMessages, type Channel } from './scene.ts'

/** `text` is a messageId, or an id of a person as keys have it: userId, anonymousId or email. */
export type Wanted = { readonly kind: 'place'; readonly place: Place } | { readonly kind: 'id'; readonly id: string }

/** Anything is something: what is no place is an id. */
export function parseWanted(text: string): Wanted {
  const place = parsePlace(text)
  return place === undefined ? { kind: 'id', id: text } : { kind: 'place', place }
}

export interface Seeds {
  /** In the order in which they were found. */
  readonly places: readonly Place[]
  /** So many more were found and left out. */
  readonly more: number
  /** What was found that leads to no raw record, in words. */
  readonly notes: readonly string[]
}

interface Collected {
  readonly places: Map<string, Place>
  readonly left: Set<string>
  readonly notes: string[]
  readonly limit: number
}

/** At most `limit` places; of those beyond only the number is kept, up to ten thousand. */
export async function findSeeds(pass: FindPass, wanted: Wanted, limit: number): Promise<Seeds> {
  const collected: Collected = { places: new Map(), left: new Set(), notes: [], limit }
  if (wanted.kind === 'place') await addPlace(pass, collected, wanted.place)
  else await scanAll(pass, collected, wanted.id)
  const { places, left, notes } = collected
  return { places: [...places.values()], more: left.size, notes }
}

const mostCounted = 10_000

function add({ places, left, limit }: Collected, { topic, partition, offset }: Place): void {
  const place = { topic, partition, offset }
  const name = placeText(place)
  if (places.has(name)) return
  if (places.size < limit) places.set(name, place)
  else if (left.size < mostCounted) left.add(name)
}

async function addPlace(pass: FindPass, collected: Collected, place: Place): Promise<void> {
  const channel = pass.scene.channels.find(({ topic }) => topic === place.topic)
  if (channel === undefined) {
    if (pass.viewOf(place) === undefined) collected.notes.push(noSuchTopic(pass, place))
    else add(collected, place)
    return
  }
  const record = await readOne(pass, channel, place)
  if (record === undefined) collected.notes.push(`there is no committed record at ${placeText(place)}, or not any more`)
  else await addSource(pass, collected, { channel, place, provenance: provenanceOf(record) })
}

const noSuchTopic = ({ scene }: FindPass, { topic, partition }: Place): string => {
  const known = new Set([...scene.views, ...scene.channels].map((one) => one.topic))
  return `there is no partition ${topic}/${partition} in this configuration; the topics are: ${[...known].join(', ')}`
}

interface Found {
  readonly channel: Channel
  readonly place: Place
  readonly provenance: Provenance
}

/** A dead letter of a sink names a message, which names its raw record. */
async function addSource(pass: FindPass, collected: Collected, { channel, place, provenance }: Found): Promise<void> {
  const { source, isMark } = provenance
  if (isMark) collected.notes.push(`${placeText(place)} is a mark and no dead letter`)
  else if (source === undefined) collected.notes.push(`${placeText(place)} does not say where it came from`)
  else if (pass.viewOf(source) !== undefined) add(collected, source)
  else {
    const from = pass.scene.channels.find(({ topic }) => topic === source.topic)
    const message =
      channel.kind === 'dead-letters' && from !== undefined && isOfMessages(from)
        ? await readOne(pass, from, source)
        : undefined
    const origin = message === undefined ? undefined : provenanceOf(message).source
    if (origin === undefined)
      collected.notes.push(`${placeText(place)} came from ${placeText(source)}, which is not there any more`)
    else add(collected, origin)
  }
}

async function scanAll(pass: FindPass, collected: Collected, id: string): Promise<void> {
  const key = Buffer.from(id)
  for (const { topic, partition, from, windowTo } of pass.scene.views)
    for await (const record of readRecords(pass, { topic, partition, from, to: windowTo }))
      if (isOfPerson(record, key)) add(collected, { topic, partition, offset: record.offset })
  const sinceMs = pass.from.kind === 'time' ? pass.from.timestampMs - clockSkewMs : 0
  for (const channel of pass.scene.channels)
    for (const range of await rangesSince(pass, channel, { sinceMs, isWanted: () => true }))
      await scanChannel(pass, collected, { channel, range, isWanted: isWantedOn(channel, id, key) })
}

const isOfPerson = ({ key }: ConsumerRecord, id: Buffer): boolean => key?.equals(id) === true

// Most records are of somebody else: their headers are looked at only where messages stand.
const isWantedOn = (channel: Channel, id: string, key: Buffer) =>
  isOfMessages(channel)
    ? (record: ConsumerRecord) => isOfPerson(record, key) || isOfMessage(record, id)
    : (record: ConsumerRecord) => isOfPerson(record, key)

interface ChannelScan {
  readonly channel: Channel
  readonly range: OffsetRange
  readonly isWanted: (record: ConsumerRecord) => boolean
}

async function scanChannel(pass: FindPass, collected: Collected, { channel, range, isWanted }: ChannelScan) {
  for await (const record of readRecords(pass, range)) {
    if (!isWanted(record)) continue
    const provenance = provenanceOf(record)
    const place = { topic: range.topic, partition: range.partition, offset: record.offset }
    if (!provenance.isMark) await addSource(pass, collected, { channel, place, provenance })
  }
}

const isOfMessage = (record: ConsumerRecord, id: string): boolean => provenanceOf(record).messageId === id
