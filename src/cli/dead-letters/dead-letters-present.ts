// What the present version would make of a dead letter: of a call what `explain` says, of a message where it would go. In: a
// letter and the configuration. Out: data, and the same as text. No I/O: schemas are known by now.
import { grouped } from '../../amount-text.ts'
import type { Config } from '../../config/schema.ts'
import type { Letter } from '../../dead-letters/letter.ts'
import { parseJson, stringifyJson, type JsonObject } from '../../json.ts'
import type { CallReading } from '../../records/call-source.ts'
import { placeCall } from '../../sink/batch.ts'
import { outgoing } from '../../sink/outgoing.ts'
import { explainSettings } from '../explain/explain-settings.ts'
import { explain, type Explanation } from '../explain/explanation.ts'
import { explanationText } from '../explain/explanation-text.ts'
import type { LetterUse } from './dead-letters-use.ts'
import type { Output } from '../output.ts'
import type { LineCall } from '../record-line.ts'

export type Present =
  | ({ readonly stage: 'process' } & Explanation)
  | {
      readonly stage: 'sink'
      /** Of the destination now; null where it is not in the configuration. */
      readonly topic: string | null
      /** As it would be sent; null where it cannot be. */
      readonly bytes: number | null
      readonly placement: 'batch' | 'alone' | 'too_large' | null
      /** Why it cannot be sent. */
      readonly fault: string | null
    }

export function presentOf({ config, deps }: LetterUse, letter: Letter): Present {
  if (letter.stage === 'sink') return presentOfMessage(config, letter, (value) => messageJson(deps.decodeAvro?.(value)))
  const { topic, partition, offset, timestamp: timestampMs } = letter.source
  const call = lineCallOf(deps.readCall(letter.source))
  return { stage: 'process', ...explain(call, { topic, partition, offset, timestampMs }, explainSettings(config)) }
}

function lineCallOf(reading: CallReading): LineCall {
  // Plain throughout: what is told of a call is looked up by any key.
  if (reading.ok) return { ok: true, value: parseJson(stringifyJson(reading.value)) }
  switch (reading.kind) {
    case 'skipped':
      return { ok: false, reason: 'has no value: such a record is counted and skipped' }
    case 'unreadable':
      return { ok: false, reason: reading.reason }
    case 'invalid':
      return { ok: false, reason: `${reading.fault.field} ${reading.fault.reason}`, fault: reading.fault }
  }
}

type Decoded = { readonly ok: boolean; readonly value?: unknown } | undefined

const messageJson = (decoded: Decoded): Buffer | undefined => {
  const payload = decoded?.ok ? (decoded.value as JsonObject)['payload'] : undefined
  return typeof payload === 'string' ? Buffer.from(payload) : undefined
}

function presentOfMessage(
  config: Config,
  { destination, source: { value } }: Letter,
  readAvro: (value: Buffer) => Buffer | undefined,
): Present {
  const entry = config.destinations.find(({ name }) => name === destination)
  const rules = explainSettings(config).destinations?.find(({ name }) => name === destination)?.rules
  const json = value?.[0] === 0 ? readAvro(value) : (value ?? undefined)
  const sent = json === undefined ? ({ ok: false, why: 'it is Avro that cannot be read' } as const) : outgoing(json)
  const topic = entry?.topic ?? null
  if (!sent.ok) return { stage: 'sink', topic, bytes: null, placement: null, fault: sent.why }
  const placement = rules === undefined ? null : placeCall(sent.bytes, rules)
  return { stage: 'sink', topic, bytes: sent.bytes, placement, fault: null }
}

/** Ends without a line break. */
export function presentText(present: Present, paint: Output['paint']): string {
  if (present.stage === 'process') return explanationText(present, paint)
  const { topic, bytes, placement, fault } = present
  const where =
    topic === null
      ? 'nothing: its destination is not in the configuration any more'
      : `redrive writes it to ${topic} again, for its sink to send`
  const size =
    bytes === null ? `it cannot be sent: ${fault}` : `${grouped(bytes)} bytes as sent${placementText(placement)}`
  return `  ${where}\n  ${size}`
}

function placementText(placement: 'batch' | 'alone' | 'too_large' | null): string {
  switch (placement) {
    case null:
      return ''
    case 'batch':
      return ', in a batch'
    case 'alone':
      return ', alone'
    case 'too_large':
      return ': too large by sink.limits, it would be a dead letter again'
  }
}
