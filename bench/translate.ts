// How near the translation comes to the least it could cost: JSON in and JSON out of the same lines, nothing between.
import { decodeJsonText, stringifyJson } from '../src/json.ts'
import { outcomeLine } from '../src/translate/outcome-line.ts'
import { translate } from '../src/translate/translate.ts'
import type { BenchOptions, BenchResult } from './main.ts'
import { measureAlternating } from './measure.ts'
import { trackLines } from './track-traffic.ts'

const rounds = 7
const topic = 'cio.track.raw'

/** `translate` of `calls` lines, default 100,000, beside JSON.parse + JSON.stringify; then how far each step of it gets. */
export function benchTranslate({ calls = 100_000 }: BenchOptions): BenchResult {
  const lines = trackLines(calls)
  const sum = (work: (line: string, index: number) => number) => () => sumOf(lines, work)
  const rates = measureAlternating(
    [
      { name: 'JSON.parse + JSON.stringify', run: sum((line) => bytesOf(JSON.stringify(JSON.parse(line)))) },
      { name: 'translate', run: sum((line, index) => bytesOf(printedLine(line, index))) },
      { name: 'up to the JSON value', run: sum((line) => Number(decodeJsonText(line).ok)) },
      { name: 'up to the messages', run: sum((line, index) => translated(line, index)?.operations.length ?? 0) },
      { name: 'JSON.parse alone', run: sum((line) => Number(typeof JSON.parse(line) === 'object')) },
    ],
    calls,
    rounds,
  )
  const [limit, ours] = rates
  const ratio = Number((ours!.perSecond / limit!.perSecond).toFixed(3))
  const bytesALine = Math.round(sumOf(lines, bytesOf) / calls)
  return { facts: { calls, bytesALine, rounds, ratio, target: 0.5 }, rates }
}

// As `trackbridge translate` does it, but for reading and writing.
function printedLine(line: string, index: number): string {
  const translation = translated(line, index)
  if (translation === undefined) return stringifyJson({ line: index + 1, outcome: 'invalid' })
  return stringifyJson(outcomeLine(translation, { line: index + 1 }))
}

function translated(line: string, offset: number) {
  const decoded = decodeJsonText(line)
  return decoded.ok ? translate(decoded.value, { topic, partition: 0, offset, timestampMs: 0 }) : undefined
}

// Bytes, not characters: to count them V8 must put together a text that was built of pieces, as writing it would.
function bytesOf(text: string): number {
  return Buffer.byteLength(text)
}

function sumOf(lines: readonly string[], work: (line: string, index: number) => number): number {
  let sum = 0
  for (let index = 0; index < lines.length; index++) sum += work(lines[index]!, index)
  return sum
}
