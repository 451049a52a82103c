// An Explanation -> text for a person, in sections. Pure: colours come as a function. Texts of the call are shown with
// their control characters escaped, for a call must not be able to write to the terminal.
import { stringifyJson } from '../../json.ts'
import type { MessageFacts, MessageSize, RouteFacts } from './explained-message.ts'
import { type CallFacts, type Explanation, type OperationFacts, type SetAside, type Size } from './explanation.ts'
import type { FoundPart } from './found-parts.ts'
import type { Style } from '../output.ts'

export type Paint = (style: Style, text: string) => string

/** Ends without a line break. */
export function explanationText(explanation: Explanation, paint: Paint): string {
  const { call, operations, messages, setAside, found = [] } = explanation
  const isBatch = operations.length > 1
  const sections: readonly (readonly [title: string, lines: readonly string[]])[] = [
    ['Found', found.map((part) => foundLine(part, paint))],
    ['Call', call === null ? ['not read'] : callLines(call, paint)],
    [isBatch ? 'Operations' : 'Operation', operations.map((facts, index) => operationLine(facts, index, paint))],
    ['What to mend', operations.flatMap(mendingLines)],
    ['Split', operations.flatMap((facts, index) => splitLine(facts, index, isBatch))],
    ['Rows of the mapping table', messages.map(rowLine)],
    ['Messages', messages.flatMap((facts) => messageLines(facts, paint))],
    ['Routing', [...routingLines(explanation, paint), ...setAside.map((entry) => setAsideLine(entry, paint))]],
    ['Sizes', messages.flatMap((facts) => facts.sizes.map((size) => sizeLine(facts, size, paint)))],
  ]
  return sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => [paint('bold', title), ...lines.map((line) => `  ${line}`)].join('\n'))
    .join('\n\n')
}

function foundLine({ part, place, lookedIn }: FoundPart, paint: Paint): string {
  const where = place ?? paint('yellow', `nowhere; looked for it in ${lookedIn.join(', then in ')}`)
  return `${part.padEnd('received_at'.length)}  ${shown(where)}`
}

function callLines(call: CallFacts, paint: Paint): readonly string[] {
  const { method, path, id, source, receivedAt, hasReceivedAt, isBatch, bodySize } = call
  const isBare = method === null && path === null
  const heading = isBare
    ? `a bare v2 ${isBatch ? 'batch' : 'entity'}`
    : `${shown(method ?? '(no method)')} ${shown(path ?? '(no path)')}`
  const labels = [
    ...(source === null ? ['no source'] : [`source ${shown(source)}`]),
    ...(id === null ? [] : [`id ${shown(id)}`]),
  ]
  const assumed = hasReceivedAt ? '' : ' (the call has no received_at)'
  return [
    heading,
    labels.join(', '),
    ...(receivedAt === null ? [] : [`received at ${receivedAt}${assumed}`]),
    `body of ${sizeText(bodySize, isBatch ? 'batch' : 'call', paint)}`,
  ]
}

function sizeText({ bytes, limitBytes }: Size, what: 'call' | 'batch', paint: Paint): string {
  const limit = `Track's limit of a ${what}, ${grouped(limitBytes)}`
  return bytes <= limitBytes
    ? `${grouped(bytes)} bytes, within ${limit}`
    : paint('yellow', `${grouped(bytes)} bytes, above ${limit}: Customer.io may refuse it, trackbridge does not`)
}

function operationLine(facts: OperationFacts, index: number, paint: Paint): string {
  const { operation, outcome, messages, unsupported, fault, size } = facts
  const number = size === null ? '' : `${index + 1}  `
  const name = operation === null ? '' : `${shown(operation)}: `
  const [sign, style] = signs[outcome]
  const parts = unsupported.length === 0 || outcome !== 'translated' ? '' : `; unsupported: ${shownAll(unsupported)}`
  const rest = {
    translated: `translated into ${count(messages.length, 'message')}${parts}`,
    unsupported: `unsupported, Pipelines has no counterpart: ${shownAll(unsupported)}`,
    invalid: `invalid, ${shown(`${fault?.field ?? ''} ${fault?.reason ?? ''}`.trim())}`,
  }[outcome]
  const tooLarge = size === null || size.bytes <= size.limitBytes ? '' : `; ${sizeText(size, 'call', paint)}`
  return `${number}${paint(style, sign)} ${name}${rest}${tooLarge}`
}

const signs = { translated: ['✓', 'green'], unsupported: ['-', 'yellow'], invalid: ['✗', 'red'] } as const

function mendingLines({ fault }: OperationFacts): readonly string[] {
  if (fault === null) return []
  const { allowed, found, hint } = fault
  const [foundLines, hintLines] = [found === null ? [] : [`  found: ${shown(found)}`], hint === null ? [] : [hint]]
  return [shown(allowed), ...foundLines, ...hintLines.map((text) => `  hint:  ${text}`)]
}

function splitLine({ operation, split, messages }: OperationFacts, index: number, isBatch: boolean): readonly string[] {
  if (split.length === 0) return []
  const number = isBatch ? `${index + 1}  ` : ''
  const counted = Map.groupBy(split, (row) => row)
  const parts = [...counted].map(([row, { length }]) => (length === 1 ? row : `${length} x ${row}`)).join(' + ')
  const whole = split.length === 1 && split[0] === operation ? 'not split' : parts
  const [first = 0] = messages
  const numbers = messages.length === 1 ? `message ${first}` : `messages ${first} to ${first + messages.length - 1}`
  return [`${number}${shown(operation ?? '')} -> ${whole} (${numbers})`]
}

const rowLine = ({ number, row, message }: MessageFacts): string =>
  `${number}  ${row.name} -> ${message.type}${message.event === undefined ? '' : ` ${shown(JSON.stringify(message.event))}`}   (${row.source})`

function messageLines({ number, message }: MessageFacts, paint: Paint): readonly string[] {
  const lines = shown(JSON.stringify(message, null, 2)).split('\n')
  const colour = (line: string): string =>
    line.replace(/^(\s*)("(?:[^"\\]|\\.)*")(?=: )/, (_, indent: string, key: string) => indent + paint('cyan', key))
  const margin = `${number}  `
  return lines.map((line, index) => (index === 0 ? margin : ' '.repeat(margin.length)) + colour(line))
}

function routingLines({ messages, hasConfig }: Explanation, paint: Paint): readonly string[] {
  if (messages.length > 0 && !hasConfig) return ['not known: name the destinations with --config FILE']
  return messages.flatMap(({ number, key, routes }) => {
    const isTaken = routes.some((route) => route.isTaken)
    const nobody = isTaken ? [] : [`   ${paint('yellow', 'no destination takes it')}`]
    return [
      `${number}  key ${shown(JSON.stringify(key))}`,
      ...routes.map((route) => routeLine(route, paint)),
      ...nobody,
    ]
  })
}

function routeLine({ destination, topic, isTaken, reason, integrations }: RouteFacts, paint: Paint): string {
  if (!isTaken) return `   ${paint('gray', '-')} ${destination}: left out, ${shown(reason ?? '')}`
  const text = stringifyJson(integrations)
  const own = text === '{"All":true}' ? '' : `, with integrations ${shown(text)}`
  return `   ${paint('green', '✓')} ${destination}: topic ${topic}${own}`
}

const setAsideLine = ({ to, topic, reason }: SetAside, paint: Paint): string =>
  `${paint(to === 'unsupported' ? 'yellow' : 'red', '->')} the call itself goes to ${to === 'unsupported' ? 'the unsupported calls' : 'the dead letters'}, topic ${topic}, reason "${shown(reason)}"`

function sizeLine({ number, message }: MessageFacts, size: MessageSize, paint: Paint): string {
  const { destination, bytes, placement, maxCallBytes, maxSingleBytes } = size
  const whose = destination === null ? '' : `${destination}: `
  const max = { call: grouped(maxCallBytes ?? 0), single: grouped(maxSingleBytes ?? 0) }
  const verdict =
    placement === null
      ? 'no limit, for the destination has no sink'
      : {
          batch: `goes in a batch (limit ${max.call})`,
          alone: paint('yellow', `goes alone to /${message.type} (more than ${max.call}, limit ${max.single})`),
          too_large: paint('red', `is too large to be sent and becomes a dead letter (limit ${max.single})`),
        }[placement]
  return `${number}  ${whose}${grouped(bytes)} bytes, ${verdict}`
}

// C0 and C1 control characters but the line feed, and those that turn the direction of text.
const control = /[^\P{Cc}\n]|[\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu

/** Text of a call with its control characters escaped. */
export const shown = (text: string): string =>
  text.replace(control, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

const shownAll = (texts: readonly string[]): string => [...new Set(texts)].map(shown).join('; ')

const grouped = (number: number): string => number.toLocaleString('en-US')

const count = (number: number, noun: string): string => `${grouped(number)} ${noun}${number === 1 ? '' : 's'}`
