// `trackbridge dead-letters export`: every letter with everything in it, a line of NDJSON each, on stdout. For mending by
// hand; `redrive --from-file` takes the lines back. Exit 0. See dead-letters.ts.
import { Command } from 'commander'
import { exportedLetter } from '../../dead-letters/exported.ts'
import { readTopic } from '../../dead-letters/reading.ts'
import { isMeant } from '../../dead-letters/selection.ts'
import { isJsonObject, stringifyJson } from '../../json.ts'
import type { CliContext } from '../context.ts'
import { whereHelp } from './dead-letters-list.ts'
import { createProgressLine } from './dead-letters-progress.ts'
import { chosen, withLetters, readingRights, withChoice, type ChoiceFlags, type LetterUse } from './dead-letters-use.ts'
import type { Letter } from '../../dead-letters/letter.ts'

interface ExportFlags extends ChoiceFlags {
  readonly all?: true
}

/** `export [--unsupported] [--since TIME] [--where CONDITION]... [--all]`. */
export function exportCommand(context: CliContext): Command {
  return withChoice(new Command('export'))
    .description('print the dead letters as NDJSON, every byte of the originals in it')
    .option('--all', 'those too that have been redriven')
    .addHelpText('after', whereHelp)
    .action((flags: ExportFlags, command: Command) =>
      withLetters(context, { command, flags, rights: readingRights }, (use) => exportLetters(context, use, flags)),
    )
}

async function exportLetters(context: CliContext, use: LetterUse, flags: ExportFlags): Promise<void> {
  const { output, clock } = context
  const { selection, ranges } = await chosen(context, use, flags)
  const progress = createProgressLine(output, clock, `exporting ${use.topic}`)
  let printed = 0
  for await (const found of readTopic({ ...use.deps, onProgress: (at) => progress.onProgress(at) }, ranges)) {
    if (found.kind === 'stranger' || found.state === 'forgotten') continue
    if (found.state === 'redriven' && !selection.withRedriven) continue
    if (!isMeant(found.letter, found.state, selection, use.deps)) continue
    printed++
    const line = { ...exportedLetter(found.letter, found.state), ...decodedOf(use, found.letter) }
    await output.writeSteadily(`${stringifyJson(line)}\n`)
  }
  progress.end()
  output.writeError(`${printed.toLocaleString('en-US')} dead letters\n`)
}

/** What an original in Avro says, for whoever mends it: bytes in base64 say nothing. */
export function decodedOf({ deps }: LetterUse, { source: { value } }: Letter): { readonly decoded?: unknown } {
  if (value?.[0] !== 0 || deps.decodeAvro === undefined) return {}
  const decoded = deps.decodeAvro(value)
  return decoded.ok && isJsonObject(decoded.value) ? { decoded: decoded.value } : {}
}
