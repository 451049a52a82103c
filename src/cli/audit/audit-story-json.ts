// Stories of raw records as data: what --json prints, and what the text is made from. Pure. Without payloads nothing of a
// record is shown but places, times and what its headers say of its way; who it is about stands in the operations.
import type { Findings } from '../../audit/find.ts'
import type { Story, ToldMissing, ToldOperation, ToldOutput } from '../../audit/story.ts'
import { placeText } from '../../history/window.ts'
import type { ConsumerRecord } from '../../kafka/broker.ts'
import type { DecodeAvro } from '../../records/call-source.ts'
import { headersOf } from '../../records/headers.ts'

/** Key, value and headers as text; a value in Avro as the JSON it stands for, or as base64 where that cannot be told. */
export interface Payload {
  readonly key: string | null
  readonly value: string | null
  readonly headers: Readonly<Record<string, string | null>>
}

interface ShownOutput extends Omit<ToldOutput, 'place' | 'record' | 'letters'> {
  readonly place: string
  readonly time: string | null
  readonly letters: readonly { readonly place: string; readonly reason: string | null }[]
  readonly payload?: Payload
}

export interface ShownStory {
  readonly raw: string
  /** `there`, `gone` (retention has taken it), `none` (no such record). */
  readonly record: 'there' | 'gone' | 'none'
  readonly time: string | null
  readonly processed: boolean
  readonly operations: readonly ToldOperation[]
  readonly outputs: readonly ShownOutput[]
  readonly missing: readonly ToldMissing[]
  readonly payload?: Payload
}

export interface ShownStories {
  readonly stories: readonly ShownStory[]
  /** Further raw records that were found and are not told. */
  readonly more: number
  readonly notes: readonly string[]
}

export interface Shown {
  readonly hasPayload: boolean
  readonly decodeAvro: DecodeAvro | undefined
}

export const storiesJson = ({ stories, more, notes }: Findings, shown: Shown): ShownStories => ({
  stories: stories.map((story) => storyJson(story, shown)),
  more,
  notes,
})

function storyJson({ raw, record, isProcessed, operations, outputs, missing }: Story, shown: Shown): ShownStory {
  const isThere = typeof record !== 'string'
  return {
    raw: placeText(raw),
    record: isThere ? 'there' : record,
    time: isThere ? timeText(record.timestamp) : null,
    processed: isProcessed,
    operations,
    outputs: outputs.map((output) => outputJson(output, shown)),
    missing,
    ...(isThere && shown.hasPayload ? { payload: payloadOf(record, shown) } : {}),
  }
}

function outputJson({ place, record, letters, ...told }: ToldOutput, shown: Shown): ShownOutput {
  return {
    ...told,
    place: placeText(place),
    time: timeText(record.timestamp),
    letters: letters.map((letter) => ({ place: placeText(letter.place), reason: letter.reason })),
    ...(shown.hasPayload ? { payload: payloadOf(record, shown) } : {}),
  }
}

function payloadOf(record: ConsumerRecord, { decodeAvro }: Shown): Payload {
  const headers = headersOf(record).map(([name, value]) => [name, value?.toString('utf8') ?? null] as const)
  return {
    key: record.key?.toString('utf8') ?? null,
    value: valueText(record.value, decodeAvro),
    headers: Object.fromEntries(headers),
  }
}

function valueText(value: Buffer | null, decodeAvro: DecodeAvro | undefined): string | null {
  if (value === null || value[0] !== 0) return value?.toString('utf8') ?? null
  const decoded = decodeAvro?.(value)
  return decoded?.ok ? JSON.stringify(decoded.value) : value.toString('base64')
}

// Producers may set any 64-bit number as the timestamp of a record.
function timeText(ms: number): string | null {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}
