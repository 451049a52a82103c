// `trackbridge translate [FILE|-]`: NDJSON raw calls in, one NDJSON outcome a line out; no Kafka, and no configuration
// unless one is named. Streams: memory does not grow with the input. Exit 0 when the input could be read, whatever the
// outcomes. Ruled by product.md, "Commands".
import { availableParallelism } from 'node:os'
import { Command, InvalidArgumentError } from 'commander'
import type { CallPreset } from '../../records/call-mapping.ts'
import { defaultMappingSettings } from '../../translate/mapping-table.ts'
import { callOption, callShape } from '../call-option.ts'
import { readNamedConfig, unlessAborted, type CliContext } from '../context.ts'
import { openInput, type Input } from '../input.ts'
import { receivedAtOption } from '../received-at.ts'
import { recordForm } from '../record-line.ts'
import { progressText, summaryText } from './tally.ts'
import type { LineSettings } from './translate-line.ts'
import { translateStream } from './translate-stream.ts'

interface TranslateOptions {
  /** Milliseconds since 1970. */
  readonly receivedAt?: number
  readonly call?: CallPreset
  readonly summary?: true
  readonly threads: number
}

const help = `
Reads one raw call a line: {"method":"PUT","path":"/api/v1/customers/42","body":{...}}, or a v2 entity or batch.
Prints one line for each: {"line":1,"outcome":"translated","messages":[...]}; blank lines are skipped but counted.
The mapping settings are those of --config or TRACKBRIDGE_CONFIG, the defaults when neither names a file.
Where --call or raw.call looks for parts in headers or the key, a line is a record:
${recordForm}.`

/** The command `translate [FILE|-] [--received-at TIME] [--call PRESET] [--summary] [--threads N]`. */
export function translateCommand(context: CliContext): Command {
  return new Command('translate')
    .description('translate raw calls offline: NDJSON in, one NDJSON outcome a line out')
    .argument('[file]', 'NDJSON file; "-" or nothing: stdin')
    .addOption(receivedAtOption())
    .addOption(callOption())
    .option('--summary', 'tell the sums on stderr at the end, even where that is no terminal')
    .option(
      '--threads <n>',
      'worker threads for inputs above 1 MB; 1: none; absent: as many as this machine has cores, up to 8',
      parseThreads,
      defaultThreads(),
    )
    .addHelpText('after', help)
    .action(async (file: string | undefined, options: TranslateOptions, command: Command) => {
      const config = readNamedConfig(command)
      const mapping = config?.mapping ?? defaultMappingSettings
      const input = await openInput(file, context)
      const timestampMs = options.receivedAt ?? context.clock.now()
      const settings = { topic: input.name, timestampMs, mapping, call: callShape(options.call, config) }
      const progress = createProgress(context, input.sizeBytes)
      const work = translateInput(context, { input, settings, progress, threads: options.threads })
      const summary = await unlessAborted(context.signal, work).finally(() => progress.end())
      if (options.summary === true || context.output.errorsAreTerminal) context.output.writeError(`${summary}\n`)
    })
}

/** As many threads as can run at once, but no more than 8: reading and writing keep one thread busy with less. */
export const defaultThreads = (): number => Math.min(8, availableParallelism())

const maxThreads = 64

function parseThreads(text: string): number {
  const threads = Number(text)
  if (/^\d+$/.test(text) && threads >= 1 && threads <= maxThreads) return threads
  throw new InvalidArgumentError(`Allowed: whole numbers from 1 to ${maxThreads}.`)
}

const progressIntervalMs = 1_000

interface Work {
  readonly input: Input
  readonly settings: LineSettings
  readonly progress: Progress
  readonly threads: number
}

/** Resolves with the summary. */
async function translateInput(
  { output, clock, signal }: CliContext,
  { input, settings, progress, threads }: Work,
): Promise<string> {
  const startedAtMs = clock.now()
  const sums = await translateStream({
    chunks: input.chunks,
    settings,
    threads,
    write: (bytes) => output.writeSteadily(bytes),
    onRead: (lines, readBytes) => progress.tell(lines, readBytes),
    clock,
    signal,
  })
  return summaryText(sums, clock.now() - startedAtMs)
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
