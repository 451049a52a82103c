// The only writer to the terminal: results on stdout, faults on stderr. Colours only where the stream is a terminal that
// shows them (NO_COLOR and FORCE_COLOR are honoured by node:util). A reader that goes away ends the process quietly.
import { styleText } from 'node:util'

export type Mark = 'ok' | 'warning' | 'failed' | 'skipped'

export type Style = 'bold' | 'green' | 'yellow' | 'red' | 'cyan' | 'gray'

export interface Output {
  /** True when stdout is a terminal, so that a person reads it. */
  readonly isTerminal: boolean
  /** True when stderr is one, so that log lines may be pretty. */
  readonly errorsAreTerminal: boolean
  /** The terminal's size as it is now; undefined where stdout is none, or it does not say. */
  screen(): { readonly rows: number; readonly columns: number } | undefined
  /** One line, or several, on stdout. */
  print(text: string): void
  /** A value as one JSON text with line breaks, on stdout. */
  printJson(value: unknown): void
  /** A line for the eye, e.g. `✓ Kafka: 3 brokers`; lines after the first are indented. */
  printMarked(mark: Mark, text: string): void
  /** On stderr, in red where there are colours: `error TB_CONFIG_INVALID: ...`. */
  printError(text: string): void
  /** The text in this style where stdout shows colours, else as it is. */
  paint(style: Style, text: string): string
  /** Text, or its bytes, as it is, on stdout; resolves when its reader keeps up, so that a long result never piles up in
   *  memory. */
  writeSteadily(text: string | Uint8Array): Promise<void>
  /** Puts the text in place of the last one, on one line of stderr; an empty text leaves the line empty. */
  printStatus(text: string): void
  /** Text as it is, for commander. */
  write(text: string): void
  writeError(text: string): void
  /** Resolves when all that was written has left. */
  flush(): Promise<void>
}

export interface OutputStreams {
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  /** Called once stdout's reader is gone (`trackbridge ... | head`). */
  readonly onBrokenPipe: () => void
}

const marks = {
  ok: { sign: '✓', style: 'green' },
  warning: { sign: '!', style: 'yellow' },
  failed: { sign: '✗', style: 'red' },
  skipped: { sign: '-', style: 'gray' },
} as const satisfies Record<Mark, { sign: string; style: string }>

/** Output on two streams, in the program process.stdout and process.stderr. */
export function createOutput({ stdout, stderr, onBrokenPipe }: OutputStreams): Output {
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    onBrokenPipe()
  })
  // Nobody is left to tell.
  stderr.on('error', () => undefined)
  const print = (text: string): void => void stdout.write(`${text}\n`)
  return {
    isTerminal: stdout.isTTY,
    errorsAreTerminal: stderr.isTTY,
    // Some terminals do not know their size, and say 0.
    screen: () => (stdout.isTTY && stdout.rows > 0 ? { rows: stdout.rows, columns: stdout.columns } : undefined),
    print,
    printJson: (value) => print(JSON.stringify(value, null, 2)),
    printMarked(mark, text) {
      const { sign, style } = marks[mark]
      print(`${styleText(style, sign, { stream: stdout })} ${text.replaceAll('\n', '\n    ')}`)
    },
    printError(text) {
      const [, heading = '', rest = ''] = /^(error(?: \w+)?:)?(.*)$/s.exec(text) ?? []
      stderr.write(`${styleText('red', heading, { stream: stderr })}${rest}\n`)
    },
    paint: (style, text) => styleText(style, text, { stream: stdout }),
    writeSteadily: async (text) => {
      if (!stdout.write(text)) await drained(stdout)
    },
    printStatus: (text) => void stderr.write(`\r${text}\u001B[K`),
    write: (text) => void stdout.write(text),
    writeError: (text) => void stderr.write(text),
    flush: async () => {
      await Promise.all([flushed(stdout), flushed(stderr)])
    },
  }
}

const flushed = (stream: NodeJS.WriteStream) =>
  new Promise<void>((resolve) => {
    if (stream.destroyed) resolve()
    else stream.write('', () => resolve())
  })

// A stream that closes never drains.
const drained = (stream: NodeJS.WriteStream) =>
  new Promise<void>((resolve) => {
    const settle = (): void => {
      stream.off('drain', settle)
      stream.off('close', settle)
      resolve()
    }
    stream.on('drain', settle)
    stream.on('close', settle)
    if (stream.destroyed) settle()
  })
