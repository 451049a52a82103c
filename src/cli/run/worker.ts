// `trackbridge process --worker N`: one worker process, started by its parent (worker-group.ts) and by nobody else. It
// is the stream processor as ever, but its figures, its health and the fault that ends it go to the parent; log lines
// bear its number. It ends when the parent says so, on a signal, and when the parent is gone.
import type { Command } from 'commander'
import { readSettings, type CliContext } from '../context.ts'
import { runEngines } from './engines.ts'
import { exitCodeOf } from '../failure.ts'
import { connectionSettings } from '../kafka-settings.ts'
import { levelChanged } from './log-level.ts'
import { openProcessorEngine } from './processor-engine.ts'
import { createTelemetry } from './telemetry.ts'
import { failureOf, openWorkerLink, reportTo, type WorkerLink } from './worker-link.ts'

/** Runs worker `number`. Rejects only with TB_USAGE, when there is no parent; other faults are the parent's to tell. */
export async function runWorker(context: CliContext, command: Command, number: number): Promise<void> {
  const link = openWorkerLink(process)
  try {
    await work(context, command, { number, link })
  } catch (error) {
    await link.send(failureOf(error))
    context.exitWith(exitCodeOf(error))
  }
}

async function work(
  context: CliContext,
  command: Command,
  { number, link }: { readonly number: number; readonly link: WorkerLink },
): Promise<void> {
  const settings = readSettings(command, context)
  const log = settings.log.child({ worker: number })
  // The parent listens for all.
  const config = { ...settings.config, http: false as const }
  const { clock } = context
  const telemetry = await createTelemetry(
    (onTransaction) => context.createBroker(connectionSettings(config.kafka), log, clock, onTransaction),
    clock,
    { worker: number },
  )
  const { broker, meter, tracing, progress } = telemetry
  const observe = () => ({ metrics: meter.snapshot(), groups: progress.reports() })
  const open = async () =>
    reportTo(link, await openProcessorEngine({ broker, clock, log, meter, tracing }, config), observe)
  link.onLevel((level) => {
    settings.log.setLevel(level)
    log.info({ to: level }, levelChanged)
  })
  // The parent's to follow; without a listener it would end the worker.
  process.on('SIGUSR2', () => undefined)
  const signal = AbortSignal.any([context.signal, link.signal])
  try {
    await runEngines({ config, log, signal, start: [open], observing: { config, telemetry } })
  } catch (error) {
    log.debug({ err: error }, 'the worker cannot go on')
    throw error
  }
}
