// Options of `replay` that mean nothing beside one another. In: the options as parsed. Out: nothing, or TB_USAGE that names
// them, says why, and what to do. Pure. Ruled by docs/replay.md and docs/replay-diff.md.
import { TrackbridgeError } from '../../errors.ts'
import type { ReplayOptions } from './replay-options.ts'

type Key = keyof ReplayOptions

const flags = {
  name: '--name',
  restart: '--restart',
  rate: '--rate',
  rateFile: '--rate-file',
  pauseWhenLagAbove: '--pause-when-lag-above',
  into: '--into',
  toTopic: '--to-topic',
  force: '--force',
  http: '--http',
  configB: '--config-b',
  against: '--against',
  exitCode: '--exit-code',
} as const satisfies Partial<Record<Key, string>>

type Reasons = Partial<Record<keyof typeof flags, string>>

const noReplay = 'no replay is begun or resumed'
const noPace = 'it reads as fast as it goes'
const noTarget = 'it compares with the topic of the destination, or with the one that --against names'

/** Why an option has no effect on what reads and writes nothing. */
const ofWriting: Reasons = {
  name: noReplay,
  restart: noReplay,
  rate: noPace,
  rateFile: noPace,
  pauseWhenLagAbove: noPace,
  force: 'nothing is written',
  http: 'no pages are served',
}

/** Throws TB_USAGE for options of which one has no effect beside the other. */
export function refuseOptionPairs(options: ReplayOptions): void {
  const { dryRun, diff, stage, into, toTopic } = options
  if (dryRun && diff) throw usage('--dry-run and --diff cannot be used together')
  if (diff) refuseBeside('--diff', { ...ofWriting, into: noTarget, toTopic: noTarget }, options)
  else refuseWithoutDiff(options)
  if (dryRun) refuseBeside('--dry-run', ofWriting, options)
  if (into !== undefined && toTopic !== undefined) throw usage('--into and --to-topic cannot be used together')
  if (stage === 'forward' && (into !== undefined || toTopic !== undefined))
    throw usage('--to-topic and --into are of --stage translate; --stage forward sends to the API')
}

function refuseBeside(mode: string, reasons: Reasons, options: ReplayOptions): void {
  const found = keysOf(reasons).filter((key) => options[key] !== undefined)
  if (found.length === 0) return
  const texts = found.map((key) => `${flags[key]} (${reasons[key]})`)
  throw usage(
    `${mode} cannot be used together with ${texts.join(', ')}: leave ${found.length === 1 ? 'it' : 'them'} out`,
  )
}

const keysOf = (reasons: Reasons) => Object.keys(reasons) as (keyof typeof flags)[]

function refuseWithoutDiff(options: ReplayOptions): void {
  const stray = (['configB', 'against', 'exitCode'] as const).find((key) => options[key] !== undefined)
  if (stray !== undefined) throw usage(`${flags[stray]} needs --diff`)
}

const usage = (message: string): TrackbridgeError => new TrackbridgeError('TB_USAGE', message)
