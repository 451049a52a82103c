// `trackbridge translate [FILE|-]`: NDJSON raw calls in, one NDJSON outcome a line out; no Kafka, and no configuration
// unless one is named. Streams: memory holds one line. Exit 0 when the input could be read, whatever the outcomes.
// Ruled by product.md, "Commands".
import { Command } from 'commander'
import { defaultMappingSettings } from '../translate/mapping-table.ts'
import { readNamedConfig, unlessAborted, type CliContext } from './context.ts'
import { openInput, type Input } from './input.ts'
import { createLineSplitter, type Line } from './lines.ts'
import { receivedAtOption } from './received-at.ts'
import { createTally, progressText, summaryText } from './tally.ts'
import { translateLine, type LineSettings } from './translate-line.ts'

interface TranslateOptions {
  /** Milliseconds since 1970. */
  readonly receivedAt?: number
  readonly summary?: true
}

const help = `
Reads one raw call a line: {"method":"PUT","path":"/api/v1/customers/42","body":{...}}, or a v2 entity or batch.
Prints one line for each: {"line":1,"outcome":"translated","messages":[...]}; blank lines are skipped but counted.
The mapping settings are those of --config or TRACKBRIDGE_CONFIG, the defaults when neither names a file.`

/** The command `translate [FILE|-] [--received-at TIME] [--summary]`. */
export function translateCommand(context: CliContext): Command {
  return new Command('translate')
    .description('translate raw calls offline: NDJSON in, one NDJSON outcome a line out')
    .argument('[file]', 'NDJSON file; "-" or nothing: stdin')
    .addOption(receivedAtOption())
    .option('--summary', 'tell the sums on stderr at the end, even where that is no terminal')
    .addHelpText('after', help)
    .action(async (file: string | undefined, options: TranslateOptions, command: Command) => {
      const mapping = readNamedConfig(command)?.mapping ?? defaultMappingSettings
      const input = await openInput(file, context)
      const timestampMs = options.receivedAt ?? context.clock.now()
      const settings = { topic: input.name, timestampMs, mapping }
      const progress = createProgress(context, input.sizeBytes)
      const work = translateInput(context, { input, settings, progress })
      const summary = await unlessAborted(context.signal, work).finally(() => progress.end())
      if (options.summary === true || context.output.errorsAreTerminal) context.output.writeError(`${summary}\n`)
    })
}

// Enough for one system call to carry many lines; more would not be faster.
const flushCharacters = 65_536
const progressIntervalMs = 1_000

interface Work {
  readonly input: Input
  readonly settings: LineSettings
  readonly progress: Progress
}

/** Resolves with the summary. */
async function translateInput({ output, clock }: CliContext, { input, settings, progress }: Work): Promise<string> {
  const splitter = createLineSplitter()
  const tally = createTally()
  const startedAtMs = clock.now()
  let readBytes = 0

  async function write(lines: readonly Line[]): Promise<void> {
    let text = ''
    for (const line of lines) {
      const translated = translateLine(line, settings)
      text += translated.text
      tally.add(translated)
      if (text.length < flushCharacters) continue
      await output.writeSteadily(text)
      text = ''
    }
    if (text !== '') await output.writeSteadily(text)
  }

  for await (const chunk of input.chunks) {
    readBytes += chunk.length
    await write(splitter.push(chunk))
    progress.tell(tally.sums().lines, readBytes)
  }
  await write(splitter.end())
  return summaryText(tally.sums(), clock.now() - startedAtMs)
}

interface Progress {
  tell(lines: number, readBytes: number): void
  end(): void
}

/** A line on a terminal, once a second. Silent where the size is unknown, or results go to the same terminal. */
function createProgress({ output, clock }: CliContext, sizeBytes: number | undefined): Progress {
  const startedAtMs = clock.now()
  let toldAtMs = startedAtMs
  const isShown = output.errorsAreTerminal && !output.isTerminal
  return {
    tell(lines, readBytes) {
      const nowMs = clock.now()
      if (!isShown || sizeBytes === undefined || nowMs - toldAtMs < progressIntervalMs) return
      toldAtMs = nowMs
      output.printStatus(progressText({ lines, readBytes, sizeBytes, elapsedMs: nowMs - startedAtMs }))
    },
    end() {
      if (toldAtMs !== startedAtMs) output.printStatus('')
    },
  }
}
