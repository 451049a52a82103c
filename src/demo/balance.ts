// The balance of a run: what went in against what came out, each line an equation that holds or does not. In: counts of
// the feeder, the processor, the sink, the API and of an independent reader of the topics. Out: lines. Pure.
// Ruled by product.md, promises 1 to 3.
import { grouped, plural } from './words.ts'

/** What a topic holds, as an independent reader has found it. */
export interface TopicTally {
  readonly name: string
  readonly records: number
  /** Of different origin. */
  readonly distinct: number
  /** What the processor says it wrote there. */
  readonly written: number
}

export interface BalanceFacts {
  /** Calls handed to Kafka. */
  readonly fed: number
  /** Records found on the raw topic. */
  readonly rawRecords: number
  /** The processor's counts of raw records, by what became of them. */
  readonly processed: {
    readonly raw: number
    readonly translated: number
    readonly unsupported: number
    readonly deadLetters: number
    readonly skipped: number
  }
  readonly topics: {
    readonly customerio: TopicTally
    readonly warehouse: TopicTally
    readonly unsupported: TopicTally
    readonly deadLetters: TopicTally
  }
  /** Messages that the sink gave up: they are on the dead-letter topic. */
  readonly rejected: number
  readonly api: {
    /** Different messages accepted. */
    readonly accepted: number
    /** Messages accepted once more, under the same messageId. */
    readonly repeats: number
    /** Connections cut, so that a client cannot know what was accepted. */
    readonly resets: number
    /** Messages on the topic that the API does not have. */
    readonly lacking: number
  }
}

export interface BalanceLine {
  readonly ok: boolean
  readonly text: string
}

export interface Balance {
  readonly ok: boolean
  readonly lines: readonly BalanceLine[]
}

/** All lines are always there, whether they hold or not. */
export function drawBalance(facts: BalanceFacts): Balance {
  const lines = [
    rawLine(facts),
    deliveredLine(facts),
    repeatsLine(facts),
    warehouseLine(facts),
    unsupportedLine(facts),
    deadLetterLine(facts),
  ]
  return { ok: lines.every(({ ok }) => ok), lines }
}

function rawLine({ fed, rawRecords, processed }: BalanceFacts): BalanceLine {
  const { raw, translated, unsupported, deadLetters, skipped } = processed
  const slots = [
    `${grouped(translated)} translated`,
    `${grouped(unsupported)} unsupported`,
    `${grouped(deadLetters)} dead letters`,
    ...(skipped === 0 ? [] : [`${grouped(skipped)} without a value`]),
  ]
  return chain([
    [fed, `${plural(fed, 'call')} fed`],
    [rawRecords, plural(rawRecords, 'raw record')],
    ...(raw === rawRecords ? [] : [[raw, `${grouped(raw)} processed`] as const]),
    [translated + unsupported + deadLetters + skipped, slots.join(' + ')],
  ])
}

function deliveredLine({ topics: { customerio }, rejected, api }: BalanceFacts): BalanceLine {
  const refused = rejected === 0 ? '' : ` + ${grouped(rejected)} that it does not take`
  const { ok, text } = chain([
    [customerio.records, topicText(customerio, 'message')],
    [api.accepted + rejected, `${grouped(api.accepted)} accepted by the API${refused}`],
  ])
  const lacking = api.lacking === rejected ? '' : `; the API lacks ${grouped(api.lacking)} of them`
  return { ok: ok && isOnce(customerio) && lacking === '', text: text + lacking }
}

/** `5 calls = 5 records ≠ 4 messages`; ok when all are equal. */
function chain(terms: readonly (readonly [count: number, text: string])[]): BalanceLine {
  const parts = terms.map(([count, text], index) => {
    const before = terms[index - 1]
    return before === undefined ? text : `${before[0] === count ? '=' : '≠'} ${text}`
  })
  return { ok: new Set(terms.map(([count]) => count)).size <= 1, text: parts.join(' ') }
}

function repeatsLine({ api: { repeats, resets } }: BalanceFacts): BalanceLine {
  if (repeats === 0) return { ok: true, text: 'no message was accepted twice' }
  const came = `${plural(repeats, 'message')} came to the API a second time`
  return resets === 0
    ? { ok: false, text: `${came}, though no connection was cut` }
    : { ok: true, text: `${came}, after a cut connection: same messageId, so each counts once` }
}

function warehouseLine({ topics: { warehouse } }: BalanceFacts): BalanceLine {
  const { ok, text } = chain([
    [warehouse.records, topicText(warehouse, 'message')],
    [warehouse.written, `${grouped(warehouse.written)} written, for consumers of your own`],
  ])
  return { ok: ok && isOnce(warehouse), text }
}

function unsupportedLine({ topics: { unsupported }, processed }: BalanceFacts): BalanceLine {
  const { text } = chain([
    [unsupported.records, topicText(unsupported, 'record')],
    [unsupported.written, callsAndParts(processed.unsupported, unsupported)],
  ])
  return { ok: isOnce(unsupported), text }
}

function deadLetterLine({ topics: { deadLetters }, processed, rejected }: BalanceFacts): BalanceLine {
  const refused = rejected === 0 ? '' : ` + ${plural(rejected, 'message')} that the API does not take`
  const { text } = chain([
    [deadLetters.records, topicText(deadLetters, 'record')],
    [deadLetters.written + rejected, callsAndParts(processed.deadLetters, deadLetters) + refused],
  ])
  return { ok: isOnce(deadLetters, rejected), text }
}

/** A batch that is translated may hold parts that are not. */
function callsAndParts(calls: number, { written }: TopicTally): string {
  const parts = written - calls
  return `${plural(calls, 'call')}${parts === 0 ? '' : ` + ${plural(parts, 'part')} of batches`}`
}

/** As many records as were written, each of an origin of its own. */
const isOnce = ({ records, distinct, written }: TopicTally, ofSink = 0): boolean =>
  records === written + ofSink && distinct === records

function topicText({ name, records, distinct }: TopicTally, noun: string): string {
  const twice = records - distinct
  return `${name}: ${plural(records, noun)}, ${twice === 0 ? 'none' : grouped(twice)} twice`
}
