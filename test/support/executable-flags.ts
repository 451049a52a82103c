// The flags of Node that the executable brings in its first line (src/main.ts), for those that start the program without
// that line: so what is measured is what users run. Test support.
import { readFileSync } from 'node:fs'

const [firstLine = ''] = readFileSync(new URL('../../src/main.ts', import.meta.url), 'utf8').split('\n', 1)

/** E.g. `['--max-semi-space-size=4', ...]`. */
export const executableFlags: readonly string[] = firstLine.split(' ').filter((word) => word.startsWith('--'))
