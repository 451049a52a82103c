// What a kind of sample call is: how often it comes, what becomes of it, how one is built. Types only.
import type { Draw, SamplePerson } from './sample-draw.ts'

export interface SampleKind {
  /** e.g. `v1 identify` */
  readonly name: string
  /** How often, against the other kinds. */
  readonly weight: number
  readonly becomes: 'translated' | 'unsupported' | 'dead-letter'
  build(draw: Draw, person: SamplePerson): SampleBuilt
}

/** An HTTP call, a bare v2 entity, or a text that is the value of the record as it is. */
export type SampleBuilt = string | HttpCall | BareEntity

export interface HttpCall {
  readonly method: string
  readonly path: string
  readonly body?: unknown
}

export type BareEntity = Readonly<Record<string, unknown>> & { readonly method?: never }
