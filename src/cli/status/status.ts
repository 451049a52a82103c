// `trackbridge status`: what the running process says of itself, by its http.host and http.port. In: its /status. Out: a
// screen, the cause of any trouble first, again and again with --watch; or JSON. Ruled by product.md, "Commands".
import { Command, Option } from 'commander'
import { TrackbridgeError } from '../../errors.ts'
import { readSettings, type CliContext } from '../context.ts'
import type { StatusPage } from './status-page.ts'
import { statusText } from './status-text.ts'

interface StatusOptions {
  readonly watch?: true
  readonly json?: true
  readonly url?: string
}

const watchIntervalMs = 2_000
const answerTimeoutMs = 5_000
/** A file or a pipe: as long as it takes, but for tables of thousands of partitions. */
const noScreen = { rows: 200, columns: Infinity }

/** The command `status`. Exit code 1 when nobody answers or something is not ready. */
export function statusCommand(context: CliContext): Command {
  return new Command('status')
    .description('what the running process does and waits for, from its http.host and http.port')
    .option('--watch', 'again every two seconds, until Ctrl-C')
    .option('--json', 'as JSON')
    .addOption(new Option('--url <url>', 'where it is, as in http://10.0.0.7:8080; absent: by the configuration'))
    .action(async (options: StatusOptions, command: Command) => {
      const url = `${options.url?.replace(/\/+$/, '') ?? configuredUrl(command, context)}/status`
      if (options.watch) return watch(context, url, options)
      const page = await fetchPage(url, context.signal)
      if (typeof page === 'string') context.output.printError(`error: ${page}`)
      else show(context, page, options)
      context.exitWith(typeof page !== 'string' && page.ready ? 0 : 1)
    })
}

function configuredUrl(command: Command, context: CliContext): string {
  const { http } = readSettings(command, context, { quiet: true }).config
  if (http === false || http.port === 0) {
    const found = http === false ? 'http is not set' : 'http.port is 0, any free one'
    throw new TrackbridgeError('TB_USAGE', `${found}: set http.port in the configuration, or name --url`)
  }
  const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }
  const host = everywhere[http.host] ?? http.host
  return `http://${host.includes(':') ? `[${host}]` : host}:${http.port}`
}

/** The page, or why there is none. */
async function fetchPage(url: string, signal: AbortSignal): Promise<StatusPage | string> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(answerTimeoutMs)]) })
    if (answer.status !== 200) return `${url} answers ${answer.status}; is it trackbridge?`
    return (await answer.json()) as StatusPage
  } catch (error) {
    signal.throwIfAborted()
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return `no answer from ${url}: ${cause instanceof Error ? cause.message || cause.name : String(cause)}`
  }
}

const clearScreen = '\u001B[H\u001B[2J'

async function watch(context: CliContext, url: string, options: StatusOptions): Promise<void> {
  const { output, signal, clock } = context
  while (!signal.aborted) {
    const page = await fetchPage(url, signal).catch(() => undefined)
    if (page === undefined) return
    if (output.isTerminal && !options.json) output.write(clearScreen)
    if (typeof page === 'string') output.print(`${new Date(clock.now()).toISOString()} ${page}`)
    else show(context, page, options)
    await clock.sleep(watchIntervalMs, signal)
  }
}

function show({ output }: CliContext, page: StatusPage, { json }: StatusOptions): void {
  if (json) return output.printJson(page)
  const { rows, columns } = output.screen() ?? noScreen
  // The last row is the prompt's.
  output.print(statusText(page, (style, text) => output.paint(style, text), { rows: rows - 1, columns }))
}
