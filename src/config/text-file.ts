// Files that a configuration is made of or names. In: a path. Out: the text, or why there is none.
import { readFileSync } from 'node:fs'

/** The text of a file without the line breaks at its end, or why there is none: `is empty`, `does not exist`. Never throws. */
export function readTextFile(path: string): { readonly text: string } | { readonly why: string } {
  try {
    const text = readFileSync(path, 'utf8').replace(/[\r\n]+$/, '')
    return text === '' ? { why: 'is empty' } : { text }
  } catch (error) {
    return { why: whyUnreadable(error) }
  }
}

function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return reasons[code] ?? `cannot be read: ${String(error)}`
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read',
  EISDIR: 'is a directory',
}
