// The command line of the benchmarks: `NAME [FILES] [--records N] ...`. In: argv. Out: options, or what is wrong with it.
import { parseArgs } from 'node:util'

export interface BenchOptions {
  /** Of `translate` and `message-id`. */
  readonly calls?: number
  readonly records?: number
  readonly runs?: number
  readonly seconds?: number
  /** Records a second, one case each. */
  readonly rate?: readonly number[]
  /** How many rows of a profile. */
  readonly top?: number
  /** Only these contenders. */
  readonly only?: readonly string[]
  /** With the row of a process that is pinned to one core. */
  readonly pinned?: boolean
}

export interface CommandLine {
  readonly name: string
  readonly files: readonly string[]
  readonly options: BenchOptions
  /** Where the result is saved; `-` is stdout, in place of the table. */
  readonly json: string | undefined
}

const numbers = ['calls', 'records', 'runs', 'seconds', 'top'] as const

/** Throws with one sentence for an unknown option or a value that is no whole number above 0. */
export function readCommandLine(args: readonly string[]): CommandLine {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      calls: { type: 'string' },
      records: { type: 'string' },
      runs: { type: 'string' },
      seconds: { type: 'string' },
      top: { type: 'string' },
      rate: { type: 'string' },
      only: { type: 'string' },
      pinned: { type: 'boolean' },
      json: { type: 'string' },
    },
  })
  const [name = '', ...files] = positionals
  const counts = numbers.flatMap((key) =>
    values[key] === undefined ? [] : [[key, wholeNumber(`--${key}`, values[key])] as const],
  )
  const rate = values.rate?.split(',').map((text) => wholeNumber('--rate', text))
  const only = values.only?.split(',')
  const options = {
    ...Object.fromEntries(counts),
    ...(rate && { rate }),
    ...(only && { only }),
    ...(values.pinned && { pinned: true }),
  }
  return { name, files, options, json: values.json }
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new Error(`${option} must be a whole number above 0, found ${JSON.stringify(text)}`)
}
