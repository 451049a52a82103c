import { expect, test } from 'vitest'
import { TrackbridgeError } from '../../../src/errors.ts'
import { refuseOptionPairs } from '../../../src/cli/replay/replay-option-pairs.ts'
import type { ReplayOptions } from '../../../src/cli/replay/replay-options.ts'

const ofWriting = [
  [{ name: 'spring' }, '--name (no replay is begun or resumed)'],
  [{ restart: true }, '--restart (no replay is begun or resumed)'],
  [{ rate: 500 }, '--rate (it reads as fast as it goes)'],
  [{ rateFile: 'rate.txt' }, '--rate-file (it reads as fast as it goes)'],
  [{ pauseWhenLagAbove: 0 }, '--pause-when-lag-above (it reads as fast as it goes)'],
  [{ force: true }, '--force (nothing is written)'],
  [{ http: 0 }, '--http (no pages are served)'],
] as const
const noTarget = '(it compares with the topic of the destination, or with the one that --against names)'

const refusalOf = (options: Partial<ReplayOptions>): unknown => {
  try {
    return refuseOptionPairs({ samples: 3, ...options })
  } catch (error) {
    return error
  }
}
const usage = (message: string) => new TrackbridgeError('TB_USAGE', message)

test.each(ofWriting)('a dry run and a diff refuse %o, which has no effect on them', (options, text) => {
  expect([refusalOf({ dryRun: true, ...options }), refusalOf({ diff: true, ...options })]).toEqual([
    usage(`--dry-run cannot be used together with ${text}: leave it out`),
    usage(`--diff cannot be used together with ${text}: leave it out`),
  ])
})

test.each([
  [{ into: 'live' }, `--into ${noTarget}`],
  [{ toTopic: 'second' }, `--to-topic ${noTarget}`],
] as const)('a diff refuses %o, for it writes nowhere', (options, text) => {
  expect(refusalOf({ diff: true, ...options })).toEqual(
    usage(`--diff cannot be used together with ${text}: leave it out`),
  )
})

test('all that is to be left out is told at once', () => {
  expect(refusalOf({ dryRun: true, name: 'spring', rate: 500, http: 80 })).toEqual(
    usage(
      '--dry-run cannot be used together with --name (no replay is begun or resumed), --rate (it reads as fast as it goes), --http (no pages are served): leave them out',
    ),
  )
})

test.each([
  [{ dryRun: true, diff: true }, '--dry-run and --diff cannot be used together'],
  [{ dryRun: true, configB: 'b.yaml' }, '--config-b needs --diff'],
  [{ against: 'second' }, '--against needs --diff'],
  [{ dryRun: true, exitCode: true }, '--exit-code needs --diff'],
  [{ into: 'live', toTopic: 'second' }, '--into and --to-topic cannot be used together'],
  [{ dryRun: true, into: 'live', toTopic: 'second' }, '--into and --to-topic cannot be used together'],
  [
    { stage: 'forward', into: 'live' },
    '--to-topic and --into are of --stage translate; --stage forward sends to the API',
  ],
  [
    { dryRun: true, stage: 'forward', toTopic: 'second' },
    '--to-topic and --into are of --stage translate; --stage forward sends to the API',
  ],
] as const)('%o is refused', (options, message) => {
  expect(refusalOf(options)).toEqual(usage(message))
})

const window = {
  from: '-7d',
  to: 'latest',
  filter: ['type=track'],
  destination: ['main'],
  samples: 0,
  json: true,
} as const
const writing = {
  ...window,
  name: 'spring',
  restart: true,
  rate: 500,
  rateFile: 'rate.txt',
  pauseWhenLagAbove: 0,
  force: true,
  http: 0,
} as const

test.each([
  ['a replay with all that is about writing', { ...writing, into: 'live' }],
  ['a replay of forwarding', { ...writing, stage: 'forward' }],
  ['a dry run', { ...window, dryRun: true }],
  ['a dry run for a lane', { ...window, dryRun: true, into: 'backfill', samples: false }],
  ['a dry run for another topic', { ...window, dryRun: true, stage: 'translate', toTopic: 'second' }],
  ['a dry run of forwarding', { ...window, dryRun: true, stage: 'forward' }],
  ['a diff with another configuration', { ...window, diff: true, configB: 'b.yaml', exitCode: true }],
  ['a diff with a topic', { ...window, diff: true, against: 'second', samples: false }],
] as const)('%s is let through', (_case, options) => {
  expect(refusalOf(options)).toBeUndefined()
})
