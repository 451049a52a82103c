// The command line: argv -> command -> exit code. In: arguments and the context that main.ts makes. Out: the exit code;
// every error has been told on stderr by then. A new command is one line in `commands`.
import { Command, CommanderError, Option } from 'commander'
import { auditCommand } from './audit/audit.ts'
import { checkCommand } from './check/check.ts'
import { deadLettersCommand } from './dead-letters/dead-letters.ts'
import { demoCommand } from './demo/demo.ts'
import { logLevels, type CliContext } from './context.ts'
import { explainCommand } from './explain/explain.ts'
import { exitCodeOf, failureText, signalCodes } from './failure.ts'
import { replayCommand } from './replay/replay.ts'
import { processCommand, runCommand, sinkCommand } from './run/run.ts'
import { schemasCommand } from './topics/schemas.ts'
import { statusCommand } from './status/status.ts'
import { topicsCommand } from './topics/topics.ts'
import { translateCommand } from './translate/translate.ts'
import { packageVersion } from './version.ts'

const commands: readonly ((context: CliContext) => Command)[] = [
  processCommand,
  sinkCommand,
  runCommand,
  statusCommand,
  topicsCommand,
  schemasCommand,
  auditCommand,
  checkCommand,
  deadLettersCommand,
  demoCommand,
  translateCommand,
  explainCommand,
  replayCommand,
]

const exitCodesHelp = `
Exit codes: 0 done; 1 failed, or not all is well; 2 the command line, the configuration or the topics are wrong.
The configuration is --config FILE, else TRACKBRIDGE_CONFIG, else ./trackbridge.yaml.`

/** What main.ts provides: everything but the exit code, which `runProgram` returns. */
export type ProgramContext = Omit<CliContext, 'exitWith'>

/** Runs one command line, e.g. `['topics', 'plan', '--json']`. Never rejects. 130 and 143 after SIGINT and SIGTERM, when
 *  the command did not end well by itself. */
export async function runProgram(argv: readonly string[], context: ProgramContext): Promise<number> {
  let exitCode = 0
  const exitWith = (code: number): void => {
    exitCode = code
  }
  const program = createProgram({ ...context, exitWith })
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const interrupted = context.signal.aborted ? signalCodeOf(context.signal.reason) : undefined
    if (interrupted !== undefined && error === context.signal.reason) return interrupted
    const debug = program.opts<{ logLevel?: string }>().logLevel === 'debug'
    context.output.printError(failureText(error, { debug }))
    return interrupted ?? exitCodeOf(error)
  }
}

/** The commander program with every command. Throws CommanderError in place of ending the process. */
export function createProgram(context: CliContext): Command {
  const program = new Command('trackbridge')
    .description('translates Customer.io Track API calls on Kafka into Pipelines API messages, and forwards them')
    .version(packageVersion())
    .option('--config <file>', 'configuration file, YAML or JSON')
    .addOption(new Option('--log-level <level>', 'the least grave log lines to show').choices(logLevels))
    .addHelpText('after', exitCodesHelp)
  for (const create of commands) program.addCommand(create(context))
  settle(program, context)
  return program
}

// addCommand does not hand these down as .command() would.
function settle(command: Command, context: CliContext): void {
  command
    .exitOverride()
    .showHelpAfterError('(add --help for the options)')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => context.output.write(text),
      writeErr: (text) => context.output.writeError(text),
    })
  for (const member of command.commands) settle(member, context)
}

const signalCodeOf = (reason: unknown): number | undefined =>
  reason instanceof Error ? (signalCodes as Readonly<Record<string, number>>)[reason.message] : undefined
