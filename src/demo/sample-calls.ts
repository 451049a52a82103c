// A stream of varied Track calls as raw records: both versions, every kind of operation, about 2 % malformed and 2 % that
// Pipelines has no counterpart for. In: a seed, how many, the time of the first. Out: key and value of each. Pure: the
// same in, the same out. Shapes: T and mapping.md, "Raw calls".
import { isJsonObject, stringifyJson } from '../json.ts'
import { createDraw, type Draw } from './sample-draw.ts'
import { faultyKinds } from './sample-faulty-kinds.ts'
import type { BareEntity, HttpCall, SampleBuilt, SampleKind } from './sample-kind.ts'
import { v1Kinds } from './sample-v1-kinds.ts'
import { v2Kinds } from './sample-v2-kinds.ts'

export interface SampleCall {
  /** Name of its kind, e.g. `v1 identify`. */
  readonly kind: string
  readonly becomes: SampleKind['becomes']
  /** The person's id. */
  readonly key: string
  readonly value: string
}

export interface SampleOptions {
  readonly seed: number
  readonly count: number
  /** Time of the first call, milliseconds since 1970; each call is a millisecond after the one before. */
  readonly startMs: number
}

/** Every kind there is. */
export const sampleKinds: readonly SampleKind[] = [...v1Kinds, ...v2Kinds, ...faultyKinds]

const allWeights = sampleKinds.reduce((sum, { weight }) => sum + weight, 0)
const sources = ['web', 'web', 'mobile', 'server'] as const

/** One call after the other, e.g. `{kind: 'v1 event', becomes: 'translated', key: '1042', value: '{"method":"POST",...}'}`. */
export function* sampleCalls({ seed, count, startMs }: SampleOptions): Generator<SampleCall, void, undefined> {
  const chance = createDraw(seed)
  for (let index = 0; index < count; index++) {
    const draw = chance.at(startMs + index)
    const kind = drawKind(draw)
    const person = draw.person()
    const value = toValue(draw, kind.build(draw, person))
    yield { kind: kind.name, becomes: kind.becomes, key: person.id, value }
  }
}

function drawKind(draw: Draw): SampleKind {
  let left = draw.random() * allWeights
  const kind = sampleKinds.find(({ weight }) => (left -= weight) < 0) ?? sampleKinds[0]
  if (kind === undefined) throw new Error('there are no kinds of calls')
  return kind
}

/** The raw record's value; what may be written in several ways is written in each of them now and then. */
function toValue(draw: Draw, built: SampleBuilt): string {
  if (typeof built === 'string') return built
  if (!isHttpCall(built)) return stringifyJson(built)
  const { method, path, body } = built
  return stringifyJson({
    source: draw.pick(sources),
    method: draw.chance(0.05) ? method.toLowerCase() : method,
    path: draw.chance(0.1) ? `https://track.customer.io${path}` : path,
    ...(body === undefined ? {} : { body: isJsonObject(body) && draw.chance(0.2) ? stringifyJson(body) : body }),
    received_at: draw.chance(0.5) ? new Date(draw.atMs).toISOString() : draw.atMs,
  })
}

const isHttpCall = (built: HttpCall | BareEntity): built is HttpCall => built.method !== undefined
