// The report of `replay --dry-run` for people, and as JSON. In: counts, and what forwarding takes. Out: lines. Pure but for
// the colours, which are handed in.
import { counted, grouped } from '../../amount-text.ts'
import { parseJson } from '../../json.ts'
import type { DestinationCounts, DryRunCounts, DryRunSample, ForwardEstimate } from '../../replay/dry-run.ts'
import { shown, type Paint } from '../explain/explanation-text.ts'

export interface DryRunReport {
  readonly stage: 'translate' | 'forward'
  readonly partitions: number
  readonly offsets: number
  /** What is not there of the window. */
  readonly cut: string | undefined
  readonly counts: DryRunCounts
  readonly destinations: readonly DryRunDestination[]
}

/** `topic`: where its messages would be written, or are forwarded from. */
export interface DryRunDestination extends DestinationCounts {
  readonly topic: string
  /** Undefined where no sink forwards the topic. */
  readonly forward:
    (ForwardEstimate & { readonly requestsPerSecond: number; readonly maxSingleBytes: number }) | undefined
}

export function dryRunText(report: DryRunReport, paint: Paint): string {
  const { partitions, offsets, counts, cut } = report
  const window = `${counted(partitions, 'partition')}, ${grouped(offsets)} offsets; nothing is written`
  const sections = [
    [`${paint('bold', 'Window')}  ${window}`, ...(cut === undefined ? [] : [`${paint('yellow', '!')} ${cut}`])],
    recordLines(counts, paint),
    [paint('bold', 'Messages'), ...report.destinations.flatMap((one) => destinationLines(one, report.stage, paint))],
    faultLines(counts, paint),
    sampleLines(counts.samples, paint),
  ]
  return sections.flatMap((lines) => (lines.length === 0 ? [] : [lines.join('\n')])).join('\n\n')
}

function recordLines({ records, outcomes, unrouted, filtered }: DryRunCounts, paint: Paint): readonly string[] {
  const rows = [
    ['translated', outcomes.translated, ''],
    ['unsupported', outcomes.unsupported, ''],
    ['dead letters', outcomes['dead-letter'], ''],
    ['skipped', outcomes.skipped, '  records without a value'],
    ['unrouted', unrouted, '  messages that none of these destinations takes'],
    ['filtered', filtered, '  messages, dead letters and unsupported calls that --filter leaves out'],
  ] as const
  const lines = rows.flatMap(([name, count, meaning]) =>
    count === 0 && name !== 'translated' ? [] : [`  ${name.padEnd(13)}${grouped(count).padStart(12)}${meaning}`],
  )
  return [`${paint('bold', 'Records')}  ${grouped(records)}`, ...lines]
}

function destinationLines(one: DryRunDestination, stage: DryRunReport['stage'], paint: Paint): readonly string[] {
  const { name, topic, messages, bytes, largestBytes, types, forward } = one
  const way = stage === 'forward' ? `${topic} -> ${name}` : `${name} -> ${topic}`
  const sizes = messages === 0 ? '' : `, ${grouped(bytes)} bytes, the largest ${grouped(largestBytes)}`
  const kinds = Object.entries(types).map(([type, count]) => `${shown(type)} ${grouped(count)}`)
  return [
    `  ${way}: ${counted(messages, 'message').replace(/^\d+/, grouped(messages))}${sizes}`,
    ...(kinds.length === 0 ? [] : [`    ${kinds.join(', ')}`]),
    ...(forward === undefined || messages === 0 ? [] : forwardLines(forward, largestBytes, paint)),
  ]
}

function forwardLines(
  { requests, seconds, requestsPerSecond, maxSingleBytes }: NonNullable<DryRunDestination['forward']>,
  largestBytes: number,
  paint: Paint,
): readonly string[] {
  const rate = `${grouped(requestsPerSecond)} requests/s`
  const tooLarge = `    ${paint('yellow', '!')} some are larger than limits.maxSingleBytes (${grouped(maxSingleBytes)}): dead letters of the sink`
  return [
    `    forwarding takes ${grouped(requests)} requests or more, ${timeText(seconds)} at ${rate}`,
    ...(largestBytes > maxSingleBytes ? [tooLarge] : []),
  ]
}

const timeText = (seconds: number): string =>
  seconds < 60 ? counted(seconds, 'second') : `${grouped(Math.ceil(seconds / 60))} minutes`

function faultLines({ faults }: DryRunCounts, paint: Paint): readonly string[] {
  if (faults.length === 0) return []
  const rows = faults.map(
    ({ slot, reason, records }) => `  ${grouped(records).padStart(12)}  ${slot.padEnd(12)} ${shown(reason)}`,
  )
  return [paint('bold', 'Reasons'), ...rows]
}

const maxSampleLength = 600

function sampleLines(samples: readonly DryRunSample[], paint: Paint): readonly string[] {
  if (samples.length === 0) return []
  const lines = samples.flatMap((sample) => [`  ${paint('cyan', headingOf(sample))}`, `    ${bodyOf(sample)}`])
  return [`${paint('bold', 'Samples')}  they hold personal data; --no-samples leaves them out`, ...lines]
}

const headingOf = (sample: DryRunSample): string =>
  sample.kind === 'message'
    ? `${sample.destination} ${shown(sample.type)}  ${sample.place}  ${shown(sample.messageId)}`
    : `${sample.kind} ${shown(sample.reason)}  ${sample.place}`

const bodyOf = (sample: DryRunSample): string =>
  cutAt(shown(sample.kind === 'message' ? sample.value.toString() : sample.message), maxSampleLength)

/** So many characters, and how many there are more. */
export const cutAt = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length)}... (${grouped(text.length - length)} more)`

/** The same as data. */
export function dryRunJson({ stage, partitions, offsets, cut, counts, destinations }: DryRunReport): unknown {
  const { samples, destinations: _counted, ...sums } = counts
  return {
    stage,
    window: { partitions, offsets, cut: cut ?? null },
    ...sums,
    destinations: destinations.map(({ forward, ...one }) => ({ ...one, forward: forward ?? null })),
    samples: samples.map((sample) =>
      sample.kind === 'message'
        ? { ...sample, value: parseJson(sample.value.toString()) }
        : { ...sample, field: sample.field ?? null },
    ),
  }
}
