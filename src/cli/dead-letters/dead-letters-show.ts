// `trackbridge dead-letters show TOPIC:PARTITION:OFFSET`: one letter: where it came from, the reason in plain words, the
// original, and what the present version would make of it. Exit 0; 1 when there is none to show. See dead-letters.ts.
import { Command } from 'commander'
import { exportedLetter } from '../../dead-letters/exported.ts'
import { letterRanges, readTopic, type Found } from '../../dead-letters/reading.ts'
import { reasonText } from '../../dead-letters/reasons.ts'
import { TrackbridgeError } from '../../errors.ts'
import { parsePlace, placeText, type Place } from '../../history/window.ts'
import type { CliContext } from '../context.ts'
import { decodedOf } from './dead-letters-export.ts'
import { presentOf, presentText } from './dead-letters-present.ts'
import { letterText } from './dead-letters-letter-text.ts'
import { readingRights, withLetters, type LetterUse } from './dead-letters-use.ts'

interface ShowFlags {
  readonly json?: true
}

/** `show TOPIC:PARTITION:OFFSET [--json]`. */
export function showCommand(context: CliContext): Command {
  return new Command('show')
    .description('one dead letter: its original, why it is one, what the present version would make of it')
    .argument(
      '<place>',
      'its place on the dead-letter or unsupported topic, TOPIC:PARTITION:OFFSET, as list and export print it',
    )
    .option('--json', 'print the result as JSON')
    .action((text: string, flags: ShowFlags, command: Command) =>
      withLetters(context, { command, flags: {}, rights: readingRights }, (use) => show(context, use, { text, flags })),
    )
}

async function show(
  context: CliContext,
  use: LetterUse,
  { text, flags }: { readonly text: string; readonly flags: ShowFlags },
): Promise<void> {
  const { output } = context
  const place = placeOn(use, text)
  const { letter, state } = await find(use, place)
  const why = reasonText(letter, place.topic === use.config.unsupported.topic)
  const present = presentOf(use, letter)
  if (flags.json) {
    output.printJson({ ...exportedLetter(letter, state), ...decodedOf(use, letter), why, present })
    return
  }
  const { decoded } = decodedOf(use, letter)
  const paint: typeof output.paint = (style, words) => output.paint(style, words)
  output.print(letterText({ letter, state, why, decoded }, paint))
  output.print(`\n${paint('bold', 'What this version would make of it')}\n\n${presentText(present, paint)}`)
}

function placeOn({ config }: LetterUse, text: string): Place {
  const place = parsePlace(text)
  const topics = [config.deadLetters.topic, config.unsupported.topic]
  if (place === undefined || !topics.includes(place.topic))
    throw new TrackbridgeError(
      'TB_USAGE',
      `"${text}" is no place of a dead letter; write TOPIC:PARTITION:OFFSET, where TOPIC is ${topics.join(' or ')}`,
    )
  return place
}

async function find({ deps }: LetterUse, place: Place): Promise<Extract<Found, { kind: 'letter' }>> {
  const since = { kind: 'place', ...place } as const
  // All marks of the partition, and of its letters this one.
  const ranges = await letterRanges(deps, place.topic, since)
  for await (const found of readTopic(deps, ranges)) {
    if (found.kind === 'letter' && found.letter.place.offset < place.offset) continue
    if (found.kind === 'stranger' || found.letter.place.offset !== place.offset) break
    if (found.state === 'forgotten') throw none(place, 'is of a person who has been forgotten')
    return found
  }
  throw none(place, 'is no dead letter, or is not kept any more')
}

const none = (place: Place, why: string): TrackbridgeError =>
  new TrackbridgeError('TB_USAGE', `${placeText(place)} ${why}`, { context: { ...place } })
