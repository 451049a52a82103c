// Stories of raw records as people read them: the record, its call, each output and how far it got. Pure but for the
// colours, which are handed in.
import type { ToldOperation } from '../../audit/story.ts'
import { counted } from '../../amount-text.ts'
import type { Output } from '../output.ts'
import type { Payload, ShownStories, ShownStory } from './audit-story-json.ts'

type Paint = Output['paint']
type ShownOutput = ShownStory['outputs'][number]

/** `what` was looked for. */
export function storiesText({ stories, more, notes }: ShownStories, what: string, paint: Paint): string {
  const told = stories.flatMap((story) => [...storyLines(story, paint), ''])
  const rest = more > 0 ? [`${counted(more, 'further raw record')} found; bound the search with --from and --to`] : []
  const none = stories.length === 0 && notes.length === 0 ? [`nothing of "${what}" stands on these topics`] : []
  return [...told, ...notes.map((note) => `${paint('yellow', '!')} ${note}`), ...rest, ...none].join('\n').trimEnd()
}

function storyLines(story: ShownStory, paint: Paint): readonly string[] {
  const { raw, time, payload, operations, outputs, missing } = story
  return [
    `${paint('bold', raw)}  ${time ?? recordText(story)}`,
    ...payloadLines(payload),
    ...operations.map((operation) => `  ${'call'.padEnd(labelWidth)} ${operationText(operation)}`),
    ...(story.record === 'there' && operations.length === 0 ? ['  it has no value: nothing becomes of it'] : []),
    ...outputs.flatMap((output) => outputLines(output, paint)),
    ...(story.record === 'there' && !story.processed ? ['  process has not committed past it yet'] : []),
    ...missing.map((one) => `  ${paint('red', '✗')} ${missingText(one)}`),
  ]
}

const labelWidth = 12

const recordText = ({ record }: ShownStory): string =>
  record === 'gone' ? 'is not kept any more' : 'there is no committed record at that offset'

function operationText({ outcome, operation, who, name, reason }: ToldOperation): string {
  const what = [
    operation ?? 'call',
    ...(name === undefined ? [] : [`"${name}"`]),
    ...(who === undefined ? [] : [`of ${who}`]),
  ]
  return `${what.join(' ')}: ${outcome}${reason === undefined ? '' : `, ${reason}`}`
}

function outputLines(output: ShownOutput, paint: Paint): readonly string[] {
  const { destination, kind, place, messageId, type, reason, replay, fate, letters } = output
  const what = [messageId, type, reason].filter((part) => part !== null)
  const by = replay === null ? [] : [replay === 'redrive' ? 'redriven' : `by replay ${replay}`]
  const end =
    fate === null ? [] : [paint(fate === 'dead-lettered' ? 'red' : fate === 'waiting' ? 'yellow' : 'green', fate)]
  return [
    `  ${(destination ?? kind).padEnd(labelWidth)} ${[place, ...what, ...by, ...end].join('  ')}`,
    ...letters.map(
      (letter) => `  ${''.padEnd(labelWidth)} dead letter of its sink: ${letter.place}  ${letter.reason ?? ''}`,
    ),
    ...payloadLines(output.payload),
  ]
}

function payloadLines(payload: Payload | undefined): readonly string[] {
  if (payload === undefined) return []
  const headers = Object.entries(payload.headers).map(([name, value]) => `${name}: ${value ?? 'null'}`)
  return [`    key ${payload.key ?? 'null'}`, ...headers.map((text) => `    ${text}`), `    ${payload.value ?? 'null'}`]
}

function missingText({ topic, partition, messageId, type }: ShownStory['missing'][number]): string {
  const what = messageId === null ? 'a record' : `message ${messageId} (${type ?? ''})`
  return `${what} is not on ${topic}/${partition}`
}
