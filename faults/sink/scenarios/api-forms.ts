// A fault of the API as a form of a scenario, and how forms are struck one after the other. In: forms, a stage.
import { systemClock } from '../../../src/clock.ts'
import { oftenEnough } from '../../strike.ts'
import type { ApiFault } from '../api-faults.ts'
import type { Mixture } from '../messages.ts'
import type { Stage } from '../scenario.ts'

export interface ApiForm {
  readonly name: string
  readonly fault: ApiFault | 'down'
  /** After so long it is mended; absent: when the fault has met all requests that it was set for, and `requests` is set. */
  readonly lastsMs?: number
  readonly mixture?: Mixture
}

/** One leg; each form strikes as messages are fed, and is over when all of them are done. */
export async function strikeApi(stage: Stage, forms: readonly ApiForm[]): Promise<void> {
  const portion = Math.ceil(stage.size.records / stage.size.rounds)
  await stage.untilOwned([stage.start()])
  for (const form of oftenEnough(forms, stage.size.rounds)) {
    stage.under(form.name)
    await begin(stage, form)
    await stage.feedMixed(portion, form.mixture ?? {})
    stage.struck(form.name)
    await lastFor(stage, form)
    await end(stage, form)
    await stage.untilAllDone()
  }
  const followed = stage.api.followed()
  if (followed > 0) stage.complain(`${followed} requests followed a redirect`)
}

async function begin({ api }: Stage, { fault }: ApiForm): Promise<void> {
  if (fault === 'down') await api.down()
  else api.strike(fault)
}

async function lastFor(stage: Stage, { name, fault, lastsMs }: ApiForm): Promise<void> {
  if (lastsMs !== undefined) await systemClock.sleep(lastsMs)
  if (fault === 'down') return
  const wanted = lastsMs === undefined ? (fault.requests ?? 1) : 1
  await stage.until(`${name} meets ${wanted} requests`, () => stage.api.struck() >= wanted)
  if (lastsMs === undefined && fault.requests === undefined) await stage.untilAllDone()
}

async function end({ api }: Stage, { fault }: ApiForm): Promise<void> {
  if (fault === 'down') await api.up()
  else api.strike(undefined)
}
