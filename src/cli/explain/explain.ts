// `trackbridge explain [FILE|-]`: one call, for a person: operation, split, rows of the mapping table, messages, routing
// and why, sizes against limits, and what to mend. No Kafka. Exit 0 when the input could be read, whatever the outcome.
// Ruled by product.md, "Commands".
import { Command } from 'commander'
import type { CallPreset } from '../../records/call-mapping.ts'
import { callOption, callShape } from '../call-option.ts'
import { readNamedConfig, unlessAborted, type CliContext } from '../context.ts'
import { explainSettings } from './explain-settings.ts'
import { explain } from './explanation.ts'
import { explanationText } from './explanation-text.ts'
import { findCall } from './found-parts.ts'
import { openInput } from '../input.ts'
import { readOneCall } from './one-call.ts'
import { receivedAtOption } from '../received-at.ts'
import { recordForm } from '../record-line.ts'

interface ExplainOptions {
  readonly json?: true
  /** Milliseconds since 1970. */
  readonly receivedAt?: number
  readonly call?: CallPreset
}

const help = `
Reads one raw call: the first line that is not blank, or a JSON document over several lines.
Destinations, limits and mapping settings are those of --config or TRACKBRIDGE_CONFIG.
Where --call or raw.call looks for parts in headers or the key, it reads a record:
${recordForm}.`

/** The command `explain [FILE|-] [--json] [--received-at TIME] [--call PRESET]`. */
export function explainCommand(context: CliContext): Command {
  return new Command('explain')
    .description('explain one call: operation, rows of the mapping table, messages, routing, sizes')
    .argument('[file]', 'file with the call; "-" or nothing: stdin')
    .option('--json', 'print the result as JSON')
    .addOption(receivedAtOption())
    .addOption(callOption())
    .addHelpText('after', help)
    .action((file: string | undefined, options: ExplainOptions, command: Command) =>
      unlessAborted(context.signal, explainInput(context, command, { ...options, file })),
    )
}

async function explainInput(
  context: CliContext,
  command: Command,
  { file, json, receivedAt, call }: ExplainOptions & { readonly file: string | undefined },
): Promise<void> {
  const { output, clock } = context
  const config = readNamedConfig(command)
  const settings = explainSettings(config)
  const input = await openInput(file, context)
  const { decoded, line, hasMore } = await readOneCall(input)
  const found = findCall(decoded, callShape(call, config))
  // The same place as `translate` gives the line, so that both derive the same message ids.
  const origin = { topic: input.name, partition: 0, offset: line - 1, timestampMs: receivedAt ?? clock.now() }
  const explanation = { ...explain(found.call, origin, settings), ...(found.parts && { found: found.parts }) }
  if (json) output.printJson({ line, ...explanation })
  else output.print(explanationText(explanation, (style, text) => output.paint(style, text)))
  if (hasMore) output.writeError(`only the call on line ${line} is explained; for all of them: trackbridge translate\n`)
}
