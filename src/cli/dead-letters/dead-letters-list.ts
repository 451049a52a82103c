// `trackbridge dead-letters list`: what there is, by what is alike. Exit 0. See dead-letters.ts.
import { Command } from 'commander'
import { createGrouping, type LetterGroup } from '../../dead-letters/groups.ts'
import { isoOf } from '../../dead-letters/exported.ts'
import { readTopic, type Found } from '../../dead-letters/reading.ts'
import { isMeant, whereKeys } from '../../dead-letters/selection.ts'
import type { CliContext } from '../context.ts'
import { createProgressLine } from './dead-letters-progress.ts'
import { groupsText, whatOf, type LeftOut } from './dead-letters-text.ts'
import { chosen, withLetters, readingRights, type LetterUse, withChoice, type ChoiceFlags } from './dead-letters-use.ts'

interface ListFlags extends ChoiceFlags {
  readonly all?: true
  readonly json?: true
}

export const whereHelp = `
Keys of --where: ${whereKeys.join(', ')}.
Several values stand with commas between them, * for any text: --where reason=invalid,unreadable --where 'field=body.*'.`

/** `list [--unsupported] [--since TIME] [--where CONDITION]... [--all] [--json]`. */
export function listCommand(context: CliContext): Command {
  return withChoice(new Command('list'))
    .description('count the dead letters by reason, stage, destination and status')
    .option('--all', 'count those too that have been redriven')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', whereHelp)
    .action((flags: ListFlags, command: Command) =>
      withLetters(context, { command, flags, rights: readingRights }, (use) => list(context, use, flags)),
    )
}

async function list(context: CliContext, use: LetterUse, flags: ListFlags): Promise<void> {
  const { output, clock } = context
  const { selection, ranges } = await chosen(context, use, flags)
  const progress = createProgressLine(output, clock, `reading ${use.topic}`)
  const grouping = createGrouping()
  const leftOut = { redriven: 0, forgotten: 0, strangers: 0 }
  const take = (found: Found): void => {
    if (found.kind === 'stranger') leftOut.strangers++
    else if (found.state === 'forgotten') leftOut.forgotten++
    else if (!isMeant(found.letter, found.state, selection, use.deps)) return
    else if (found.state === 'redriven' && !selection.withRedriven) leftOut.redriven++
    else grouping.add(found.letter)
  }
  for await (const found of readTopic({ ...use.deps, onProgress: (at) => progress.onProgress(at) }, ranges)) take(found)
  progress.end()
  const groups = grouping.groups()
  if (flags.json) return output.printJson(listJson(use.topic, groups, leftOut))
  output.print(
    groupsText({ topic: use.topic, what: whatOf(flags), groups, leftOut }, (style, text) => output.paint(style, text)),
  )
}

function listJson(topic: string, groups: readonly LetterGroup[], leftOut: LeftOut): unknown {
  return {
    topic,
    groups: groups.map(({ firstMs, lastMs, ...group }) => ({ ...group, first: isoOf(firstMs), last: isoOf(lastMs) })),
    letters: groups.reduce((sum, { count }) => sum + count, 0),
    leftOut,
  }
}
