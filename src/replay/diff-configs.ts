// A raw record under two configurations -> verdicts: same, changed, only here, only there. Records are compared one by
// one, so that memory does not grow with the window. Pure but for the tally.
import { placeText } from '../history/window.ts'
import { diffTexts } from './diff-json.ts'
import type { Compared, DiffTally } from './diff-tally.ts'
import type { RawRecord, Rehearsed, WouldBe } from './translate-window.ts'

type Rehearse = (raw: RawRecord) => Rehearsed

/** Translates with both and tells the tally. Messages are the same when destination and messageId are; of several with
 *  one messageId the first is held against the first, and so on. */
export function compareRecord(
  raw: RawRecord,
  { here, there }: { readonly here: Rehearse; readonly there: Rehearse },
  tally: DiffTally,
): void {
  const [ours, theirs] = [here(raw), there(raw)]
  if (!isSame(ours, theirs)) return comparePairs(raw, ours, theirs, tally)
  for (const message of ours.messages) if (message.isAsked) tally.same(message)
}

// Nearly all records: message for message, byte for byte.
const isSame = (ours: Rehearsed, theirs: Rehearsed): boolean =>
  ours.faults.length === 0 &&
  theirs.faults.length === 0 &&
  ours.messages.length === theirs.messages.length &&
  ours.messages.every((message, index) => {
    const other = theirs.messages[index]
    return (
      other?.destination === message.destination &&
      other.isAsked === message.isAsked &&
      other.value.equals(message.value)
    )
  })

interface Item {
  readonly compared: Compared
  readonly value: Buffer
}

function comparePairs(raw: RawRecord, ours: Rehearsed, theirs: Rehearsed, tally: DiffTally): void {
  const place = placeText(raw)
  const left = itemsByKey(place, theirs)
  for (const [key, { compared, value }] of itemsByKey(place, ours)) {
    const other = left.get(key)
    left.delete(key)
    if (other === undefined) tally.only('onlyHere', compared)
    else report(compared, diffTexts(value, other.value), tally)
  }
  for (const { compared } of left.values()) tally.only('onlyThere', compared)
}

function report(compared: Compared, changes: ReturnType<typeof diffTexts>, tally: DiffTally): void {
  if (changes.length === 0) tally.same(compared)
  else tally.changed(compared, changes)
}

function itemsByKey(place: string, { messages, faults }: Rehearsed): Map<string, Item> {
  const items = new Map<string, Item>()
  const add = (key: string, item: Item): void => {
    let nth = 0
    while (items.has(`${key}/${nth}`)) nth++
    items.set(`${key}/${nth}`, item)
  }
  for (const message of messages.filter(({ isAsked }) => isAsked))
    add(`${message.destination}/${message.messageId}`, { compared: toCompared(message, place), value: message.value })
  for (const { slot, reason, field, message } of faults) {
    const compared = { destination: null, type: slot, place, messageId: null, person: null }
    add(slot, { compared, value: Buffer.from(JSON.stringify({ reason, field, message })) })
  }
  return items
}

/** What of a message is told beside its verdict. */
export const toCompared = ({ destination, type, messageId, person }: WouldBe, place: string): Compared => ({
  destination,
  type,
  place,
  messageId,
  person,
})
