// One dead letter as people read it: where it came from, why it is one, the original. Pure: colours come as a function.
import { grouped } from '../../amount-text.ts'
import { isoOf } from '../../dead-letters/exported.ts'
import type { Letter } from '../../dead-letters/letter.ts'
import type { LetterState } from '../../dead-letters/mark-index.ts'
import type { ReasonText } from '../../dead-letters/reasons.ts'
import { placeText } from '../../history/window.ts'
import { decodeJson, isUtf8, stringifyJson } from '../../json.ts'
import { headersOf } from '../../records/headers.ts'
import { shown } from './dead-letters-text.ts'
import type { Output } from '../output.ts'

interface ShownLetter {
  readonly letter: Letter
  readonly state: LetterState
  readonly why: ReasonText
  /** Of an original in Avro. */
  readonly decoded: unknown
}

/** Sections with a bold title each. */
export function letterText({ letter, state, why, decoded }: ShownLetter, paint: Output['paint']): string {
  const sections: readonly (readonly [title: string, lines: readonly string[]])[] = [
    [`Dead letter ${placeText(letter.place)}`, letterLines(letter, state)],
    ['Where it came from', originLines(letter)],
    ['Why', whyLines(letter, why)],
    ['Original', originalLines(letter, decoded)],
  ]
  return sections
    .map(([title, lines]) => [paint('bold', title), ...lines.map((line) => `  ${line}`)].join('\n'))
    .join('\n\n')
}

function letterLines({ writtenAtMs, attempt, replay, operations }: Letter, state: LetterState): readonly string[] {
  return [
    `written ${isoOf(writtenAtMs) ?? 'at a time that is no date'}, attempt ${attempt}`,
    state === 'redriven' ? 'redriven: it has been run again, and is not run once more' : 'not redriven',
    ...(replay === null
      ? []
      : [replay === 'redrive' ? 'written by a redrive' : `written by the replay "${shown(replay)}"`]),
    ...(operations === undefined ? [] : [operationsText(operations)]),
  ]
}

const operationsText = (operations: readonly number[]): string =>
  operations.length === 0
    ? 'of a batch of which something was written for each operation: nothing is left to run again'
    : `only operations ${operations.join(', ')} of its batch (from 0): the others' messages are written`

function originLines({ source, stage, destination }: Letter): readonly string[] {
  const { key, timestamp } = source
  const name =
    key === null
      ? 'no key'
      : `key ${isUtf8(key) ? shown(JSON.stringify(key.toString('utf8'))) : key.toString('base64')}`
  const what = stage === 'sink' ? `a message for destination ${shown(destination ?? '')}` : 'a raw record'
  return [`${what}, ${placeText(source)}`, `of ${isoOf(timestamp) ?? 'a time that is no date'}, ${name}`]
}

function whyLines({ reason, stage, field, message, answer }: Letter, why: ReasonText): readonly string[] {
  return [
    `${shown(reason)} (${stage}): ${why.happened}`,
    ...(field === undefined ? [] : [`field:    ${shown(field)}`]),
    `message:  ${shown(message).replaceAll('\n', ' ')}`,
    ...(answer === undefined ? [] : [`answer:   ${answer.status} ${shown(answer.body).replaceAll('\n', ' ')}`]),
    `it means: ${why.means}`,
    `to do:    ${why.todo}`,
  ]
}

function originalLines({ source }: Letter, decoded: unknown): readonly string[] {
  const headers = headersOf(source).map(([name, bytes]) => `header ${shown(name)}: ${bytesText(bytes)}`)
  return [...headers, ...valueLines(source.value, decoded)]
}

const bytesText = (bytes: Buffer | null): string =>
  bytes === null ? 'null' : isUtf8(bytes) ? shown(bytes.toString('utf8')) : `base64 ${bytes.toString('base64')}`

const mostBytes = 100_000

function valueLines(value: Buffer | null, decoded: unknown): readonly string[] {
  if (value === null) return ['no value']
  const head = (what: string): string => `value of ${grouped(value.length)} bytes, ${what}:`
  if (decoded !== undefined) return [head('Avro'), ...jsonLines(decoded)]
  const json = value.length <= mostBytes ? decodeJson(value) : undefined
  if (json?.ok) return [head('JSON'), ...jsonLines(json.value)]
  const cut = value.subarray(0, mostBytes)
  const rest = cut.length < value.length ? [`(and ${grouped(value.length - cut.length)} bytes more: see export)`] : []
  if (isUtf8(value)) return [head('text'), ...shown(cut.toString('utf8')).split('\n'), ...rest]
  return [head('no text, as base64'), cut.toString('base64'), ...rest]
}

// The text of a number that a double would change stays as it is.
const jsonLines = (value: unknown): readonly string[] =>
  shown(JSON.stringify(value, null, 2) ?? stringifyJson(value)).split('\n')
