// Apache Kafka's jars on this machine: Maven copies what deploy/embedded-kafka/pom.xml lists into a cache folder outside
// of the checkout. States: stamp fits -> done, without Maven; else Maven offline; else Maven online, with progress.
// A folder per pom text, renamed into place when it is complete: processes that resolve at the same time do no harm.
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../clock.ts'
import { TrackbridgeError } from '../errors.ts'
import { findJava, findMaven, missingSentence, type Environment, type Java } from './java.ts'
import { copyDependencies } from './maven.ts'

/** What a broker is started with. `classPath` is sorted: the class archive is valid for one order only. */
export interface KafkaJars {
  readonly java: Java
  readonly version: string
  readonly classPath: readonly string[]
  /** Where the class archive (AppCDS) of these jars and this Java lies, or will lie. */
  readonly archive: string
  /** Remove it to have everything fetched afresh. */
  readonly folder: string
}

export interface ResolveOptions {
  readonly env: Environment
  /** Gets one line a step, e.g. `downloading Kafka: kafka-clients-4.1.1.jar (9.8 MB), 87 files so far`. */
  readonly onProgress: (line: string) => void
  /** Ends a download that is under way. */
  readonly signal?: AbortSignal
  /** Another version of Kafka than the pom's, e.g. `3.9.1`. */
  readonly version?: string
}

// Beside src/ and beside dist/ alike.
const pomUrl = new URL('../../deploy/embedded-kafka/pom.xml', import.meta.url)
const abandonedAfterMs = 24 * 3600 * 1000

/** Finds Java and the jars, fetching them with Maven where the cache lacks them. Throws TB_DEMO_UNAVAILABLE with one
 *  sentence that says what to install or what Maven said. */
export async function resolveKafkaJars(options: ResolveOptions): Promise<KafkaJars> {
  const pomText = withVersion(await readPom(), options.version)
  const version = kafkaVersion(pomText)
  const cache = cacheFolder(options.env, version)
  const folder = join(cache, createHash('sha256').update(pomText).digest('hex').slice(0, 12))
  const { java, tooOld } = await findJava(options.env)
  const complete = await isComplete(folder, pomText)
  const maven = complete ? undefined : await findMaven(options.env)
  const missing = { java: java === undefined, maven: !complete && maven === undefined }
  if (java === undefined || missing.maven) {
    throw new TrackbridgeError('TB_DEMO_UNAVAILABLE', missingSentence(missing, tooOld))
  }
  if (maven !== undefined) await fetchInto(folder, { ...options, pomText, cache, maven })
  const jars = (await readdir(join(folder, 'lib'))).filter((name) => name.endsWith('.jar'))
  return {
    java,
    version,
    classPath: jars.sort().map((name) => join(folder, 'lib', name)),
    archive: join(folder, `kafka-${version}-java${java.version}-${java.build}.jsa`),
    folder,
  }
}

/** The pom that lists the jars. */
export function readPom(): Promise<string> {
  return readFile(pomUrl, 'utf8')
}

/** `kafka.version` of the pom: `4.1.1`. Throws TB_BUG when the pom has none. */
export function kafkaVersion(pomText: string): string {
  const version = /<kafka\.version>([^<]+)<\/kafka\.version>/.exec(pomText)?.[1]
  if (version === undefined) throw new TrackbridgeError('TB_BUG', 'deploy/embedded-kafka/pom.xml has no kafka.version')
  return version
}

function withVersion(pomText: string, version: string | undefined): string {
  return version === undefined
    ? pomText
    : pomText.replace(/(<kafka\.version>)[^<]+/, (_all, tag: string) => tag + version)
}

/** `<XDG_CACHE_HOME or ~/.cache>/trackbridge/kafka-<version>`; the variable counts only when it is set and not empty. */
export function cacheFolder(env: Environment, version: string): string {
  const base = env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache')
  return join(base, 'trackbridge', `kafka-${version}`)
}

async function isComplete(folder: string, pomText: string): Promise<boolean> {
  const stamp = await readFile(join(folder, 'stamp'), 'utf8').catch(() => undefined)
  return stamp === pomText
}

interface FetchOptions extends ResolveOptions {
  readonly pomText: string
  readonly cache: string
  readonly maven: string
}

async function fetchInto(folder: string, options: FetchOptions): Promise<void> {
  await mkdir(options.cache, { recursive: true })
  await removeAbandoned(options.cache)
  const unfinished = join(options.cache, `unfinished-${randomUUID()}`)
  try {
    const pom = join(unfinished, 'pom.xml')
    await mkdir(unfinished)
    await writeFile(pom, options.pomText)
    await copyDependencies({ ...options, pom, lib: join(unfinished, 'lib') })
    await writeFile(join(unfinished, 'stamp'), options.pomText)
    await install(unfinished, folder, options.pomText)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

async function install(unfinished: string, folder: string, pomText: string): Promise<void> {
  const renamed = await rename(unfinished, folder).then(
    () => true,
    () => false,
  )
  // Another process was faster: its folder has the same content, and a broker may already run from it.
  if (renamed || (await isComplete(folder, pomText))) return
  await rm(folder, { recursive: true, force: true })
  await rename(unfinished, folder)
}

async function removeAbandoned(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const path = join(cache, name)
    const since = name.startsWith('unfinished-') ? await stat(path).catch(() => undefined) : undefined
    if (since !== undefined && systemClock.now() - since.mtimeMs > abandonedAfterMs) {
      await rm(path, { recursive: true, force: true })
    }
  }
}
