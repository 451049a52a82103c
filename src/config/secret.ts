// Secrets that may live in files, and files that a configuration names. In: a value or a path. Out: text without the
// line break at its end. Files are read again when they change, so that keys and tokens can be rotated under way.
import { statSync } from 'node:fs'
import { TrackbridgeError } from '../errors.ts'
import { readTextFile } from './text-file.ts'

/** A secret as it is configured: the text itself, or the file that holds it. */
export type SecretSource = { readonly value: string } | { readonly file: string }

/**
 * Reads a secret whenever it is called, from the file again when its time or size has changed. A file that vanishes or
 * becomes empty later on (half-way through a rotation) leaves the last text in force. Throws TB_CONFIG_INVALID when
 * there has been none yet.
 */
export function readSecret(source: SecretSource): () => string {
  if ('value' in source) return () => source.value
  let held: { readonly stamp: string; readonly text: string } | undefined
  return () => {
    const read = readStamped(source.file, held)
    if (read.text === '' && held) return held.text
    if (read.text === '') throw new TrackbridgeError('TB_CONFIG_INVALID', `secret file ${source.file}: ${read.why}`)
    held = read
    return read.text
  }
}

/** The source of a secret that has a key for its text and a key for its file; undefined when neither is set. */
export function secretSource(value: string | undefined, file: string | undefined): SecretSource | undefined {
  if (value !== undefined) return { value }
  return file === undefined ? undefined : { file }
}

function readStamped(file: string, held: { stamp: string; text: string } | undefined) {
  const stats = statSync(file, { throwIfNoEntry: false })
  const stamp = stats ? `${stats.mtimeMs} ${stats.size} ${stats.ino}` : 'none'
  if (held?.stamp === stamp) return { ...held, why: '' }
  const read = readTextFile(file)
  return 'text' in read ? { stamp, text: read.text, why: '' } : { stamp, text: '', why: read.why }
}
