import { expect, test } from 'vitest'
import { afterDeath } from '../../../src/cli/run/restart-policy.ts'

test('a worker that dies young again and again waits twice as long each time, and the fifth time is the last', () => {
  const deaths = [0, 1, 2, 3, 4].map((before) => afterDeath(59_999, before))
  expect(deaths).toEqual([
    { verdict: 'restart', waitMs: 500, youngDeaths: 1 },
    { verdict: 'restart', waitMs: 1_000, youngDeaths: 2 },
    { verdict: 'restart', waitMs: 2_000, youngDeaths: 3 },
    { verdict: 'restart', waitMs: 4_000, youngDeaths: 4 },
    { verdict: 'give-up', youngDeaths: 5 },
  ])
})

test('a worker that has lived for a minute starts anew, whatever was before', () => {
  expect(afterDeath(60_000, 4)).toEqual({ verdict: 'restart', waitMs: 500, youngDeaths: 0 })
})
