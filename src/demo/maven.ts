// Runs Maven to copy the jars of a pom into a folder: offline from the local repository first, then online.
// In: paths and the environment, which configures Maven (MAVEN_OPTS, MAVEN_ARGS, HOME with its settings). Out: jars, or
// TB_DEMO_UNAVAILABLE with Maven's own first error.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { TrackbridgeError } from '../errors.ts'
import type { Environment } from './java.ts'

export interface CopyOptions {
  readonly maven: string
  readonly pom: string
  /** Absolute path of the folder that gets the jars. */
  readonly lib: string
  readonly env: Environment
  readonly onProgress: (line: string) => void
  readonly signal?: AbortSignal
}

// Named with its version, else Maven asks the network for the newest one each time. 2.10 needs the fewest bytes.
const goal = 'org.apache.maven.plugins:maven-dependency-plugin:2.10:copy-dependencies'
// Maven goes on without the jars that such an artifact needs, and calls that a success.
const incomplete = /^\[WARNING\] The POM for \S+ is (?:missing|invalid)/
const worthALine = /MB$|[5-9]\d\d kB$/

/** Copies the dependencies of `pom` into `lib`. Throws TB_DEMO_UNAVAILABLE with the first error that Maven named. */
export async function copyDependencies(options: CopyOptions): Promise<void> {
  options.onProgress("looking for Kafka's jars in Maven's local repository")
  const offline = await run(options, ['-o'])
  if (offline.fault === undefined && !offline.isIncomplete) return
  options.signal?.throwIfAborted()
  options.onProgress('downloading Kafka with Maven, about 45 MB, only this once')
  const { fault } = await run(options, [])
  options.signal?.throwIfAborted()
  if (fault === undefined) return
  throw new TrackbridgeError(
    'TB_DEMO_UNAVAILABLE',
    `Maven could not fetch Kafka's jars (${fault}): mend the network or Maven's settings, ` +
      'or set KAFKA_BROKERS to a running Kafka.',
  )
}

/** One line of Maven's output as a finished download, `{ file: 'kafka-clients-4.1.1.jar', size: '9.8 MB' }`. */
export function parseDownload(line: string): { readonly file: string; readonly size: string } | undefined {
  const match = /Downloaded from \S+: \S*\/([^/\s]+) \(([\d.]+ [kMG]?B)\b/.exec(line)
  return match?.[1] === undefined || match[2] === undefined ? undefined : { file: match[1], size: match[2] }
}

/** Counts the downloads in Maven's output and reports those of 500 kB and more, and every 50th. */
export function createDownloadReport(onProgress: (line: string) => void): (line: string) => void {
  let files = 0
  return (line) => {
    const download = parseDownload(line)
    if (download === undefined) return
    files += 1
    if (worthALine.test(download.size) || files % 50 === 0) {
      onProgress(`downloading Kafka: ${download.file} (${download.size}), ${files} files so far`)
    }
  }
}

interface Run {
  /** What went wrong, in Maven's words; undefined when all went well, as far as Maven says. */
  readonly fault: string | undefined
  /** Some artifact lay there without its pom. */
  readonly isIncomplete: boolean
}

async function run(options: CopyOptions, flags: readonly string[]): Promise<Run> {
  const args = ['-B', ...flags, '-f', options.pom, goal, `-DoutputDirectory=${options.lib}`]
  const child = spawn(options.maven, args, {
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.signal ? { signal: options.signal } : {}),
  })
  let firstError: string | undefined
  let lastComplaint: string | undefined
  let isIncomplete = false
  const report = createDownloadReport(options.onProgress)
  createInterface(child.stdout).on('line', (line) => {
    report(line)
    isIncomplete ||= incomplete.test(line)
    // The first error is the cause; those that follow are advice.
    if (line.startsWith('[ERROR]')) firstError ??= line.slice(7).trim().slice(0, 400)
  })
  createInterface(child.stderr).on('line', (line) => {
    if (line.trim() !== '') lastComplaint = line.trim().slice(0, 400)
  })
  try {
    const [code]: unknown[] = await once(child, 'close')
    const fault = code === 0 ? undefined : (firstError ?? lastComplaint ?? `it ended with code ${String(code)}`)
    return { fault, isIncomplete }
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error), isIncomplete }
  }
}
