// What the demo says, as text: calls, what became of them, counters, arrivals. In: plain values. Out: lines. Pure.
// No line of the table is wider than a terminal of 80 columns on a Kafka of our own.
import { isJsonObject, parseJson, stringifyJson } from '../json.ts'
import { demoApiKey, type DemoTopics } from './demo-config.ts'
import type { Drawing } from './screen.ts'
import { grouped, plural, shorten, wrapAfterCommas } from './words.ts'

/** A record that a call became. */
export interface Became {
  readonly topic: string
  /** Type of the message; undefined on the unsupported and the dead-letter topic. */
  readonly type: string | undefined
  readonly value: string
  /** How long after the call was handed to Kafka the API had it; undefined where no sink forwards the topic. */
  readonly acceptedAfterMs: number | undefined
}

/** Counters at one moment. */
export interface Snapshot {
  readonly elapsedMs: number
  readonly fed: number
  readonly ofCalls: number
  readonly topics: {
    readonly raw: TopicLine
    readonly customerio: TopicLine
    readonly warehouse: TopicLine
    readonly unsupported: TopicLine
    readonly deadLetters: TopicLine
  }
  readonly api: {
    readonly accepted: number
    readonly requests: number
    readonly tooMany: number
    readonly unavailable: number
    readonly resets: number
  }
  /** Requests that the sink sent again. */
  readonly retries: number
}

interface TopicLine {
  readonly name: string
  readonly records: number
}

/** While the many calls are fed, the API answers so many of the requests with a fault. */
export const faultShares = { tooManyRequestsShare: 0.04, unavailableShare: 0.04, resetShare: 0.03 } as const

/** e.g. `5,000 varied calls of both versions, ...` */
export function feedingText(count: number): string {
  const share = Object.values(faultShares).reduce((sum, one) => sum + one, 0)
  return `${plural(count, 'varied call')} of both versions, some malformed; the API fails ${grouped(share * 100)} % of the requests on purpose`
}

/** A raw call in one line: `PUT /api/v1/customers/42 {"plan":"pro"}`; what is not JSON as it is. */
export function callText(value: string, width = 74): string {
  const call = parsed(value)
  if (call === undefined || typeof call['path'] !== 'string') return shorten(value, width)
  const { method, path, body } = call
  const text = body === undefined ? '' : ` ${typeof body === 'string' ? body : stringifyJson(body)}`
  return shorten(`${String(method)} ${path}${text}`, width)
}

/** What a record says, e.g. `identify 42 {"plan":"pro"}` of a message, `invalid: path is missing` of a dead letter. */
export function recordText({ type, value }: Pick<Became, 'type' | 'value'>, width = 74): string {
  const record = parsed(value)
  if (record === undefined) return shorten(value, width)
  if (type === undefined) return shorten(`${textOf(record['reason'])}: ${textOf(record['message'])}`, width)
  const { event, name, groupId, traits, properties } = record
  const user = record['userId'] ?? record['anonymousId']
  const names = [
    type,
    event ?? name,
    user ?? groupId,
    user !== undefined && groupId !== undefined ? `in ${textOf(groupId)}` : undefined,
  ]
  const details = traits ?? properties
  const told = names.filter((part) => part !== undefined).map(textOf)
  return shorten([...told, ...(details === undefined ? [] : [stringifyJson(details)])].join(' '), width)
}

/** A raw call in full: method and path, below them the body. */
export function callLines(value: string): readonly string[] {
  const call = parsed(value)
  if (call === undefined || typeof call['path'] !== 'string') return [`   ${shorten(value, 74)}`]
  const body = call['body'] === undefined ? [] : wrapAfterCommas(stringifyJson(call['body']), 72)
  return [`   ${textOf(call['method'])} ${call['path']}`, ...body.map((line) => `     ${line}`)]
}

/** What a call became: each message once, and under it the topics it stands on. */
export function becameLines(became: readonly Became[]): readonly string[] {
  const records = [...Map.groupBy(became, (one) => recordText(one))]
  const messages = records.filter(([, [first]]) => first?.type !== undefined).length
  return [
    `   became ${messages > 0 ? plural(messages, 'message') : 'no message'}`,
    ...records.flatMap(([text, copies]) => [`     ${text}`, ...copies.map((copy) => `       -> ${placeText(copy)}`)]),
  ]
}

function placeText({ topic, type, acceptedAfterMs }: Became): string {
  if (type === undefined) return `${topic}, with the call itself untouched`
  if (acceptedAfterMs === undefined) return `${topic}, for consumers of your own`
  return `${topic}, accepted by the API after ${grouped(Math.round(acceptedAfterMs))} ms`
}

/** The counters as a table for a terminal and as a line for everything else. */
export function drawCounters(snapshot: Snapshot): Drawing {
  const { topics, fed, ofCalls, api, retries, elapsedMs } = snapshot
  const notes = {
    raw: `${Math.floor((fed / Math.max(1, ofCalls)) * 100)} % of ${plural(ofCalls, 'call')} fed`,
    customerio: `${grouped(api.accepted)} accepted by the API`,
    warehouse: 'for consumers of your own',
    unsupported: 'no counterpart in Pipelines',
    deadLetters: 'malformed calls',
  }
  const keys = ['raw', 'customerio', 'warehouse', 'unsupported', 'deadLetters'] as const
  const width = Math.max(...keys.map((key) => topics[key].name.length))
  const rows = keys.map((key) => {
    const { name, records } = topics[key]
    return `   ${name.padEnd(width)} ${grouped(records).padStart(9)}   ${notes[key]}`
  })
  const counts = keys.map((key) => `${labels[key]} ${grouped(topics[key].records)}`)
  const troubles = `${api.tooMany} x 429, ${api.unavailable} x 503, ${api.resets} cut; ${grouped(retries)} sent again`
  return {
    table: [...rows, `   ${plural(api.requests, 'request')} to the API: ${troubles}`],
    line: `   ${(elapsedMs / 1000).toFixed(1)} s: ${counts.join(', ')}; accepted ${grouped(api.accepted)}, sent again ${grouped(retries)}`,
  }
}

const labels = {
  raw: 'raw',
  customerio: 'customerio',
  warehouse: 'warehouse',
  unsupported: 'unsupported',
  deadLetters: 'dead letters',
} as const

/** Where everything is while the demo keeps running. */
export interface Places {
  readonly brokers: readonly string[]
  /** Whether Kafka goes with the demo. */
  readonly ownKafka: boolean
  readonly topics: DemoTopics
  readonly apiUrl: string
  readonly healthUrl: string
  /** Folder of our kafkajs. */
  readonly kafkajs: string
}

/** Addresses, and the command for a call of one's own. */
export function placesText(places: Places): string {
  const { brokers, ownKafka, topics, apiUrl, healthUrl } = places
  const prefix = topics.raw.replace(/\.raw$/, '')
  const stays = `The topics ${prefix}.* stay on your Kafka; delete them when you like.`
  return [
    `   Kafka   ${brokers.join(',')}, raw topic ${topics.raw}`,
    `   API     ${apiUrl} (the stand-in; its key is ${demoApiKey})`,
    `   health  ${healthUrl}`,
    '',
    '   This command sends one. Change path and body as you like, and see below what becomes of it:',
    '',
    sendCommand(places),
    '',
    ownKafka ? '   Ctrl-C ends everything.' : `   Ctrl-C ends everything. ${stays}`,
  ].join('\n')
}

/** A shell command that needs nothing but Node and our kafkajs: sends one raw call. */
export function sendCommand({ brokers, topics, kafkajs }: Pick<Places, 'brokers' | 'topics' | 'kafkajs'>): string {
  const message = '{key:"42",value:JSON.stringify({method:"PUT",path:"/api/v1/customers/42",body:{plan:"pro"}})}'
  const script = [
    `const{Kafka}=require(${JSON.stringify(kafkajs)})`,
    `p=new Kafka({brokers:${JSON.stringify(brokers)},logLevel:0}).producer()`,
  ].join(',')
  const send = `p.send({topic:${JSON.stringify(topics.raw)},messages:[${message}]})`
  // kafkajs 2.2.4 sets a timer with a negative time, which Node warns of.
  return `node --no-warnings -e '${script};p.connect().then(()=>${send}).finally(()=>p.disconnect())'`
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = parseJson(text)
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : stringifyJson(value))
