// What scenarios share: waiting for a rule to strike, and saying so when it cannot.
import type { ArmedRule } from '../test/support/fault-rules.ts'
import type { ApiName } from '../test/support/kafka-frames.ts'
import { shuffled } from '../test/support/seeded-random.ts'
import type { Stage } from './scenario.ts'

export interface Attempt {
  readonly fault: string
  readonly armed: ArmedRule
  /** Whether no such request has come by since the rule was set: then this version of the protocol has none. */
  readonly isNeverSent: () => boolean
}

/** Waits until the rule strikes, or until all the work is done; then it was missed. True when it struck. */
export async function attempt(stage: Stage, { fault, armed, isNeverSent }: Attempt): Promise<boolean> {
  void armed.struck.then(() => stage.struck(fault))
  const isDone = (): boolean => stage.progress.fed() > 0 && stage.progress.done() >= stage.progress.fed()
  await stage.until(`${fault} strikes`, () => armed.hasStruck() || isDone())
  if (armed.hasStruck()) return true
  armed.disarm()
  const reason = isNeverSent() ? 'no such request was sent' : 'too few such requests were sent'
  stage.missed(fault, { reason, isExpected: isNeverSent() })
  return false
}

/** A fault of a request, or, without `api`, of something else. */
export interface FormKind<F> {
  readonly forms: readonly F[]
  readonly faultOf: (form: F) => string
  readonly apiOf: (form: F) => ApiName | undefined
}

/** Strikes with form after form, over and over, `size.rounds` times. Requests that this version of the protocol does not
 *  have are left out, and said once. */
export async function strikeEach<F>(
  stage: Stage,
  { forms, faultOf, apiOf }: FormKind<F>,
  strike: (form: F) => Promise<void>,
): Promise<void> {
  const absent = new Set<string>()
  let left = stage.size.rounds
  for (const form of endlessly(forms)) {
    const api = apiOf(form)
    if (api !== undefined && isAbsent(stage, api)) absent.add(faultOf(form))
    else {
      await strike(form)
      left--
    }
    if (left === 0) break
  }
  for (const fault of absent) stage.missed(fault, { reason: 'no such request was sent', isExpected: true })
}

function* endlessly<T>(things: readonly T[]): Generator<T> {
  for (;;) yield* things
}

// A whole transaction has gone by, and no such request.
function isAbsent({ rules }: Stage, api: ApiName): boolean {
  return rules.seen('EndTxn') > 0 && rules.seen(api) === 0
}

/** In random order, those that no version of the protocol lacks first: then the others are known to be absent or not. */
export function certainFirst<F>(stage: Stage, { forms, apiOf }: FormKind<F>): readonly F[] {
  const isCertain = (form: F): boolean => {
    const api = apiOf(form)
    return api !== 'AddPartitionsToTxn' && api !== 'AddOffsetsToTxn'
  }
  const [first, ...rest] = shuffled(forms.filter(isCertain), stage.random)
  const others = forms.filter((form) => !isCertain(form))
  return first === undefined ? others : [first, ...shuffled([...rest, ...others], stage.random)]
}

/** `things` over and over, `count` of them. */
export function oftenEnough<T>(things: readonly T[], count: number): readonly T[] {
  return Array.from({ length: Math.ceil(count / things.length) }, () => things)
    .flat()
    .slice(0, count)
}

/** Two processes, and form after form, `size.rounds` of them, in the midst of the work of a portion; each is over when all
 *  work is done. */
export async function strikeInTheMidst<F>(
  stage: Stage,
  forms: readonly F[],
  strike: (form: F, portion: number) => Promise<void>,
): Promise<void> {
  const portion = Math.ceil(stage.size.records / stage.size.rounds)
  await stage.untilOwned([stage.start(), stage.start()])
  for (const form of oftenEnough(forms, stage.size.rounds)) {
    await stage.feed(portion)
    await stage.untilDone(Math.ceil(stage.random() * (portion / 4)))
    await strike(form, portion)
    await stage.until('the work is done', () => stage.progress.done() >= stage.progress.fed())
  }
}
