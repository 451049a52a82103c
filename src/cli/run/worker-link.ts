// The worker's end of the channel to its parent: when to end, and what to say. Without a parent there is no work: the
// loss of the channel means that the parent has died, and the worker ends in order.
import { setTimeout as delay } from 'node:timers/promises'
import { TrackbridgeError } from '../../errors.ts'
import type { Level } from '../../ops/log.ts'
import type { ProcessorEngine } from './processor-engine.ts'
import { isStopMessage, levelOf, type WorkerFailure, type WorkerMessage, type WorkerStatus } from './worker-messages.ts'

/** What of `process` the link needs; tests bring their own. */
export interface Channel {
  readonly connected?: boolean
  send?(message: WorkerMessage, onSent: (error: Error | null) => void): boolean
  on(event: 'message', listener: (message: unknown) => void): unknown
  on(event: 'disconnect', listener: () => void): unknown
}

export interface WorkerLink {
  /** Aborts when the parent says so or is gone. */
  readonly signal: AbortSignal
  /** Resolves when it has left, or when nobody is there to hear it. */
  send(message: WorkerMessage): Promise<void>
  /** Called when the parent's log has another level. */
  onLevel(listener: (level: Level) => void): void
}

const statusIntervalMs = 500

/** Takes up the channel. Throws TB_USAGE where there is none. */
export function openWorkerLink(channel: Channel): WorkerLink {
  if (channel.send === undefined)
    throw new TrackbridgeError('TB_USAGE', '--worker is for processes that trackbridge starts itself; use --workers')
  const over = new AbortController()
  channel.on('disconnect', () => over.abort(new Error('the parent process is gone')))
  channel.on('message', (message) => {
    if (isStopMessage(message)) over.abort(new Error('told to stop'))
  })
  // It may have gone before we listened.
  if (channel.connected !== true) over.abort(new Error('the parent process is gone'))
  return {
    signal: over.signal,
    send: (message) =>
      channel.connected === true
        ? new Promise((resolve) => void channel.send?.(message, () => resolve()))
        : Promise.resolve(),
    onLevel: (listener) =>
      void channel.on('message', (message) => {
        const level = levelOf(message)
        if (level !== undefined) listener(level)
      }),
  }
}

/** What of its status the engine does not know. */
export type Observe = () => Pick<WorkerStatus, 'metrics' | 'groups'>

/** The engine, but its figures and health go to the parent: twice a second until it stops, and once after. */
export function reportTo(link: WorkerLink, engine: ProcessorEngine, observe: Observe = () => ({})): ProcessorEngine {
  const over = new AbortController()
  void (async () => {
    while (!over.signal.aborted) {
      await link.send(statusOf(engine, observe))
      await delay(statusIntervalMs, undefined, { signal: over.signal }).catch(() => undefined)
    }
  })()
  return {
    ...engine,
    progress: () => undefined,
    async stop() {
      over.abort()
      await engine.stop()
      await link.send(statusOf(engine, observe))
    },
  }
}

function statusOf(engine: ProcessorEngine, observe: Observe): WorkerStatus {
  const { counts, assigned, stuck, topics } = engine.status()
  const notReady = [...engine.health().values()].find((why) => why !== undefined) ?? null
  const figures = { counts, topics, partitions: assigned.length, stuck: stuck.size }
  return { type: 'status', ...figures, notReady, ...observe() }
}

/** What the parent is told of an error that ends the worker. */
export function failureOf(error: unknown): WorkerFailure {
  const code = error instanceof TrackbridgeError ? error.code : null
  const message = error instanceof Error ? error.message || error.name : String(error)
  return { type: 'failed', code, message }
}
