// What `translate` and `explain` read: a file, or stdin. In: the FILE argument. Out: chunks of bytes, one at a time.
import { fstatSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { TrackbridgeError } from '../errors.ts'
import type { CliContext } from './context.ts'

export interface Input {
  /** Base name of the file, or "stdin". */
  readonly name: string
  /** Known for files only. */
  readonly sizeBytes: number | undefined
  /** Fails with TB_INPUT_UNREADABLE. To be read once. */
  readonly chunks: AsyncIterable<Buffer>
}

const chunkBytes = 262_144

/** Opens FILE, or stdin where it is absent or "-". Throws TB_INPUT_UNREADABLE; TB_USAGE where it is absent and stdin is a
 *  terminal, for nobody means to type calls. */
export async function openInput(file: string | undefined, { stdin }: Pick<CliContext, 'stdin'>): Promise<Input> {
  if (file !== undefined && file !== '-') return openFile(file)
  const stream = stdin()
  if (file === undefined && stream.isTTY)
    throw new TrackbridgeError('TB_USAGE', 'there is nothing to read: name a FILE, or pipe the calls into stdin')
  // Node gives an empty stream for a directory: nothing would be read, and nobody told.
  if ('fd' in stream && isDirectory(stream.fd))
    throw unreadable('stdin', Object.assign(new Error('a directory'), { code: 'EISDIR' }))
  return { name: 'stdin', sizeBytes: undefined, chunks: naming('stdin', stream) }
}

function isDirectory(descriptor: unknown): boolean {
  try {
    return typeof descriptor === 'number' && fstatSync(descriptor).isDirectory()
  } catch {
    return false
  }
}

async function openFile(path: string): Promise<Input> {
  const handle = await open(path).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  const stats = await handle.stat()
  const sizeBytes = stats.isFile() ? stats.size : undefined
  return {
    name: basename(path),
    sizeBytes,
    chunks: naming(path, handle.createReadStream({ highWaterMark: chunkBytes })),
  }
}

async function* naming(path: string, stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* stream
  } catch (error) {
    throw unreadable(path, error)
  }
}

function unreadable(path: string, error: unknown): TrackbridgeError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const why = reasons[code] ?? `cannot be read: ${error instanceof Error ? error.message : String(error)}`
  return new TrackbridgeError('TB_INPUT_UNREADABLE', `${path} ${why}`, { context: { path }, cause: error })
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read',
  EISDIR: 'is a directory, not a file',
}
