// How near the translation comes to the least it could cost: JSON in and JSON out of the same lines, nothing between.
import { decodeJsonText, stringifyJson } from '../src/json.ts'
import { outcomeLine } from '../src/translate/outcome-line.ts'
import { translate } from '../src/translate/translate.ts'
import type { BenchOptions, BenchResult } from './main.ts'
import { measureAlternating } from './measure.ts'
import { trackLines } from './track-traffic.ts'

const rounds = 7
const topic = 'cio.track.raw'

/** `translate` of `calls` lines, default 100,000, beside JSON.parse + JSON.stringify. */
export function benchTranslate({ calls = 100_000 }: BenchOptions): BenchResult {
  const lines = trackLines(calls)
  const [limit, ours] = measureAlternating(
    [
      { name: 'JSON.parse + JSON.stringify', run: () => sumOf(lines, (line) => JSON.stringify(JSON.parse(line))) },
      { name: 'translate', run: () => sumOf(lines, printedLine) },
    ],
    calls,
    rounds,
  )
  const ratio = Number((ours!.perSecond / limit!.perSecond).toFixed(3))
  const bytesALine = Math.round(sumOf(lines, (line) => line) / calls)
  return { facts: { calls, bytesALine, rounds, ratio, target: 0.5 }, rates: [limit!, ours!] }
}

// As `trackbridge translate` does it, but for reading and writing.
function printedLine(line: string, offset: number): string {
  const decoded = decodeJsonText(line)
  if (!decoded.ok) return stringifyJson({ outcome: 'invalid', field: 'record', reason: decoded.reason })
  return stringifyJson(outcomeLine(translate(decoded.value, { topic, partition: 0, offset, timestampMs: 0 })))
}

// Bytes, not characters: to count them V8 must put together a text that was built of pieces, as writing it would.
function sumOf(lines: readonly string[], work: (line: string, index: number) => string): number {
  let bytes = 0
  for (let index = 0; index < lines.length; index++) bytes += Buffer.byteLength(work(lines[index]!, index))
  return bytes
}
