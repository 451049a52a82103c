// Whatever kafkajs throws -> TrackbridgeError, once, where it enters. kafkajs wraps the telling error under retries,
// non-retriable and aggregate errors, and knows codes above 88 by number only: everything below is searched for the
// first thing that kafka-faults.ts has a row for.
import { TrackbridgeError, type ErrorContext } from '../errors.ts'
import { denialText } from './access.ts'
import { missingAccess, needsOf } from './denial.ts'
import { faultsByName, faultsByType, typesByNumber, type KafkaFault } from './kafka-faults.ts'
import { tlsFault } from './tls-faults.ts'

interface ErrorLike {
  readonly name?: unknown
  readonly message?: unknown
  readonly type?: unknown
  readonly code?: unknown
  readonly retriable?: unknown
  readonly broker?: unknown
  readonly topic?: unknown
  readonly cause?: unknown
  readonly errors?: unknown
}

/** A TrackbridgeError for anything thrown; one that is in there already is handed back as it is. `tried` completes
 *  "cannot ...", e.g. `commit the offsets of group sink-a`. Codes: TB_KAFKA_*. Never throws. */
export function toTrackbridgeError(error: unknown, tried: string, context: ErrorContext = {}): TrackbridgeError {
  const links = linksOf(error)
  const ours = links.find((link) => link instanceof TrackbridgeError)
  if (ours instanceof TrackbridgeError) return ours
  const { fault, kafkaError } = findFault(links)
  const topics = topicsOf(links)
  const where = topics.length === 0 ? '' : ` [${topics.join(', ')}]`
  const denial = denialOf(links, kafkaError, topics)
  const said = denial === undefined ? `${fault.text} (${kafkaError})${where}` : `${denial} (${kafkaError})`
  return new TrackbridgeError(fault.code, `cannot ${tried}: ${said}`, {
    context: { ...context, kafkaError },
    cause: error,
  })
}

/** Which right is missing and how to grant it, where the call that failed has said what it needs (denial.ts). */
function denialOf(links: readonly ErrorLike[], kafkaError: string, topics: readonly string[]): string | undefined {
  const needs = needsOf(links)
  const missing = needs === undefined ? [] : missingAccess(needs, kafkaError, topics)
  return needs === undefined || missing.length === 0 ? undefined : denialText(missing, needs.identity)
}

/** Kafka's name of the error code somewhere in `error`, e.g. `CONCURRENT_TRANSACTIONS`, `PRODUCER_FENCED` also where
 *  kafkajs says "Unknown error code 90", or `CODE_121`; else the name of a telling kafkajs error; else undefined. */
export function kafkaErrorType(error: unknown): string | undefined {
  const links = linksOf(error)
  return firstOf(links, typeOf) ?? firstOf(links, tellingName)
}

/** True for what a broker has answered; false where a request got no answer and may have been carried out all the same. */
export function isAnswer(error: unknown): boolean {
  return error instanceof TrackbridgeError || (error instanceof Error && error.name === 'KafkaJSProtocolError')
}

/** Why a session is dead, from the error that killed it: the `reason` of a CommitResult. */
export function deathReason(error: TrackbridgeError): 'fenced' | 'rebalanced' | 'too-large' | 'transient' | 'fatal' {
  switch (error.code) {
    case 'TB_KAFKA_FENCED':
      return 'fenced'
    case 'TB_KAFKA_REBALANCED':
      return 'rebalanced'
    case 'TB_KAFKA_TOO_LARGE':
      return 'too-large'
    case 'TB_KAFKA_UNAVAILABLE':
      return 'transient'
    default:
      return 'fatal'
  }
}

interface FoundFault {
  readonly fault: KafkaFault
  readonly kafkaError: string
}

function findFault(links: readonly ErrorLike[]): FoundFault {
  const type = firstOf(links, typeOf)
  const known = type === undefined ? undefined : faultsByType[type]
  if (type !== undefined && known !== undefined) return { fault: known, kafkaError: type }
  if (type !== undefined) return { fault: unlisted(links), kafkaError: type }
  return findByNameOrSocket(links)
}

// A code without a row: kafkajs's own table says whether trying again can help.
function unlisted(links: readonly ErrorLike[]): KafkaFault {
  const link = links.find((candidate) => typeOf(candidate) !== undefined)
  const passes = link?.retriable === true
  return { code: passes ? 'TB_KAFKA_UNAVAILABLE' : 'TB_KAFKA_FATAL', text: text(link?.message) }
}

function findByNameOrSocket(links: readonly ErrorLike[]): FoundFault {
  // A code says more than words, which the links above its own repeat.
  const coded = links.filter((link) => text(link.code) !== '')
  const tls = firstOf([...coded, ...links], (link) => tlsFault(text(link.code), text(link.message)))
  if (tls !== undefined) return { fault: { code: 'TB_KAFKA_UNAUTHORIZED', text: tls.text }, kafkaError: tls.name }
  const named = firstOf(links, tellingName)
  const fault = named === undefined ? undefined : faultsByName[named]
  return named !== undefined && fault !== undefined ? { fault, kafkaError: named } : unknownFault(links)
}

// Sockets that fail, and faults inside of kafkajs: a new client may cure both, so they are worth another try.
function unknownFault(links: readonly ErrorLike[]): FoundFault {
  // The deepest link is the cause; those above it repeat its message or count retries.
  const last = links.at(-1)
  const broker = firstOf(links, (link) => text(link.broker) || undefined)
  const at = broker === undefined ? '' : ` (broker ${broker})`
  return {
    fault: {
      code: 'TB_KAFKA_UNAVAILABLE',
      text: (text(last?.message) || 'the Kafka client failed without a word') + at,
    },
    kafkaError: text(last?.code) || text(last?.name) || 'unknown',
  }
}

function typeOf(link: ErrorLike): string | undefined {
  const number = /Unknown error code (-?\d+)/.exec(text(link.message))?.[1]
  if (number !== undefined) return typesByNumber[Number(number)] ?? `CODE_${number}`
  return typeof link.type === 'string' && /^[A-Z][A-Z_]+$/.test(link.type) ? link.type : undefined
}

function tellingName(link: ErrorLike): string | undefined {
  const name = text(link.name)
  return Object.hasOwn(faultsByName, name) ? name : undefined
}

function topicsOf(links: readonly ErrorLike[]): readonly string[] {
  return [...new Set(links.map((link) => text(link.topic)).filter((topic) => topic !== ''))]
}

// The error itself, then its causes and aggregated errors, outermost first.
function linksOf(error: unknown): readonly ErrorLike[] {
  const links: ErrorLike[] = []
  const found: unknown[] = [error]
  for (let index = 0; index < found.length; index += 1) {
    const next = found[index]
    const link: ErrorLike = typeof next === 'object' && next !== null ? next : { message: String(next) }
    if (links.includes(link)) continue
    links.push(link)
    if (link.cause !== undefined && link.cause !== null) found.push(link.cause)
    if (Array.isArray(link.errors)) found.push(...(link.errors as unknown[]))
  }
  return links
}

function firstOf<T>(links: readonly ErrorLike[], find: (link: ErrorLike) => T | undefined): T | undefined {
  for (const link of links) {
    const found = find(link)
    if (found !== undefined) return found
  }
  return undefined
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
