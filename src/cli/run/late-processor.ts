// A processor that cannot begin yet, for the schemas it writes are not known: what it says of itself meanwhile, and how it
// is stopped. In: how it is opened in the end. Out: a Processor at once.
import { noCounts } from '../../processor/counts.ts'
import type { Processor, ProcessorStatus } from '../../processor/processor.ts'

const notYet: ProcessorStatus = {
  assigned: [],
  topics: {},
  stuck: new Map(),
  joined: false,
  counts: noCounts,
  positions: new Map(),
}

/** `open` gets a signal that aborts when the processor is stopped before it has begun. */
export function startLate(open: (signal: AbortSignal) => Promise<Processor>): Processor {
  const stopping = new AbortController()
  let opened: Processor | undefined
  const opening = open(stopping.signal).then((processor) => {
    opened = processor
    return processor
  })
  const ended = opening.then(
    (processor) => processor.ended,
    (error: unknown) => {
      if (!stopping.signal.aborted) throw error
    },
  )
  // Callers may look at `ended` late or only through stop.
  ended.catch(() => undefined)
  return {
    status: () => opened?.status() ?? notYet,
    ended,
    async stop() {
      stopping.abort()
      const processor = await opening.catch(() => undefined)
      await processor?.stop()
    },
  }
}
