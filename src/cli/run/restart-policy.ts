// Whether, and when, a worker that has ended is started again. Pure. In: how long it lived and how many before it died
// young. Out: the wait, or the end of all tries.

/** A worker that lived for less has died young. */
export const youngMs = 60_000
/** So many young deaths in a row are too many. */
export const maxYoungDeaths = 5
const firstWaitMs = 500
const lastWaitMs = 30_000

/** What follows a death. `youngDeaths`: in a row, this one counted; 0 after a long life. */
export type AfterDeath =
  | { readonly verdict: 'restart'; readonly waitMs: number; readonly youngDeaths: number }
  | { readonly verdict: 'give-up'; readonly youngDeaths: number }

/** E.g. the second young death in a row: `{verdict: 'restart', waitMs: 1000, youngDeaths: 2}`. */
export function afterDeath(livedMs: number, youngDeathsBefore: number): AfterDeath {
  const youngDeaths = livedMs < youngMs ? youngDeathsBefore + 1 : 0
  if (youngDeaths >= maxYoungDeaths) return { verdict: 'give-up', youngDeaths }
  const waitMs = Math.min(lastWaitMs, firstWaitMs * 2 ** Math.max(0, youngDeaths - 1))
  return { verdict: 'restart', waitMs, youngDeaths }
}
