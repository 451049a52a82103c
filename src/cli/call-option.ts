// The option --call of `translate` and `explain`: where the parts of a call are found, to try a mapping offline. Absent:
// `raw.call` of the configuration, else our own raw record. Ruled by mapping.md, "Raw calls".
import { Option } from 'commander'
import type { Config } from '../config/schema.ts'
import { callPresets, type CallPreset, type CallShape } from '../records/call-mapping.ts'

/** `--call PRESET`. */
export function callOption(): Option {
  return new Option(
    '--call <preset>',
    'where the parts of a call are found; absent: raw.call of the configuration, else envelope',
  ).choices(callPresets)
}

/** What is in force. */
export const callShape = (option: CallPreset | undefined, config: Config | undefined): CallShape =>
  option ?? config?.raw.call ?? 'envelope'
