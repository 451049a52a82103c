// `trackbridge demo [--once] [--calls N] [--json]`: everything on one machine, with a real Kafka: see it work in a minute.
// Needs no configuration. Exit 0 when the balance holds, 1 when it does not. Ruled by product.md, "Commands".
import { Command, InvalidArgumentError } from 'commander'
import { environment } from '../../config/load.ts'
import type { DemoResult } from '../../demo/demo.ts'
import type { Screen } from '../../demo/screen.ts'
import type { LogOptions } from '../../ops/log.ts'
import type { CliContext } from '../context.ts'
import { runDemo } from './demo-run.ts'
import type { Output } from '../output.ts'

interface Options {
  readonly once?: true
  readonly json?: true
  readonly calls: number
  readonly logLevel?: LogOptions['level']
}

const mostCalls = 100_000

/** The command `demo`. */
export function demoCommand(context: CliContext): Command {
  return new Command('demo')
    .description('everything on this machine with a real Kafka: see it work in a minute')
    .option('--once', 'end after the balance: 0 if it holds, 1 if not; else it keeps running and shows what arrives')
    .option('--calls <number>', `how many calls to feed after the three examples, 1 to ${mostCalls}`, readCalls, 5_000)
    .option('--json', 'print the balance as JSON on stdout, and everything else on stderr')
    .action(async (_options: object, command: Command) => {
      const { once = false, json = false, calls, logLevel = 'warn' } = command.optsWithGlobals<Options>()
      const { output } = context
      const screen = json ? errorScreen(output) : outputScreen(output)
      // Pretty everywhere: these lines stand among the demo's own.
      const log = context.createLog({ level: logLevel, format: 'pretty' })
      const onBalance = (result: DemoResult): void => {
        if (json) output.printJson(result)
        if (!result.ok) context.exitWith(1)
      }
      await runDemo(context, { screen, log, once, calls, onBalance })
    })
}

function readCalls(text: string): number {
  const calls = Number(text)
  if (/^\d+$/.test(text) && calls >= 1 && calls <= mostCalls) return calls
  throw new InvalidArgumentError(`Allowed: a whole number from 1 to ${mostCalls}.`)
}

function outputScreen(output: Output): Screen {
  return {
    canRedraw: output.isTerminal && environment()['TERM'] !== 'dumb',
    print: (text) => output.print(text),
    heading: (text) => output.print(`\n${output.paint('bold', text)}`),
    printMarked: (mark, text) => output.printMarked(mark, text),
    write: (text) => output.write(text),
  }
}

function errorScreen(output: Output): Screen {
  const print = (text: string): void => output.writeError(`${text}\n`)
  return {
    canRedraw: false,
    print,
    heading: (text) => print(`\n${text}`),
    printMarked: (mark, text) => print(`${mark === 'ok' ? '✓' : '✗'} ${text}`),
    write: (text) => output.writeError(text),
  }
}
