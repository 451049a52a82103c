import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { isRunning } from '../support/process.ts'
import { until } from '../support/until.ts'
import { cacheFolder, kafkaVersion, readPom, resolveKafkaJars } from '../../src/demo/kafka-jars.ts'

let folder: string
const progress: string[] = []
const onProgress = (line: string): void => void progress.push(line)

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trackbridge-test-'))
  progress.length = 0
  await mkdir(join(folder, 'bin'))
  await program('java', `echo 'openjdk version "17.0.15" 2025-04-15' >&2`)
  return () => rm(folder, { recursive: true, force: true })
})

test.each([
  ['XDG_CACHE_HOME', { XDG_CACHE_HOME: '/c', HOME: '/h' }, '/c/trackbridge/kafka-4.1.1'],
  ['HOME where XDG_CACHE_HOME is empty', { XDG_CACHE_HOME: '', HOME: '/h' }, '/h/.cache/trackbridge/kafka-4.1.1'],
  ["the user's home where nothing is set", {}, join(homedir(), '.cache/trackbridge/kafka-4.1.1')],
])('the cache folder follows %s', (_name, env, expected) => {
  expect(cacheFolder(env, '4.1.1')).toBe(expected)
})

test('the version is the one of the pom', async () => {
  expect(kafkaVersion(await readPom())).toBe('4.1.1')
  expect(() => kafkaVersion('<project/>')).toThrow('deploy/embedded-kafka/pom.xml has no kafka.version')
})

test('without Java and Maven one sentence names both', async () => {
  const env = { PATH: join(folder, 'nothing'), XDG_CACHE_HOME: folder }
  await expect(resolveKafkaJars({ env, onProgress })).rejects.toMatchObject({
    code: 'TB_DEMO_UNAVAILABLE',
    message: expect.stringContaining('because Java 17 or newer and Maven are missing: install them (Debian') as string,
  })
})

test('without Maven one sentence names Maven, and no cache folder appears', async () => {
  await expect(resolve({ PATH: join(folder, 'bin') })).rejects.toMatchObject({
    code: 'TB_DEMO_UNAVAILABLE',
    message: expect.stringContaining('because Maven is missing: install it (Debian') as string,
  })
  expect(await readdir(folder)).toEqual(['bin'])
})

test('jars are copied offline where the local repository has them, then Maven is not called again', async () => {
  await program('mvn', copyingMaven)
  const first = await resolve()
  expect(progress).toEqual(["looking for Kafka's jars in Maven's local repository"])
  expect(first.classPath).toEqual(['a.jar', 'b.jar'].map((name) => join(first.folder, 'lib', name)))
  expect(await readFile(join(first.folder, 'stamp'), 'utf8')).toBe(await readPom())

  await program('mvn', 'echo called >> "$0.called"; exit 1')
  progress.length = 0
  expect(await resolve()).toEqual(first)
  expect(progress).toEqual([])
  await rm(join(folder, 'bin', 'mvn'))
  expect(await resolve({ PATH: join(folder, 'bin') })).toEqual(first)
  expect(await readdir(join(folder, 'bin'))).toEqual(['java'])
})

test('a stamp that does not fit has the jars fetched again', async () => {
  await program('mvn', copyingMaven)
  const first = await resolve()
  await writeFile(join(first.folder, 'stamp'), 'half')
  await rm(join(first.folder, 'lib', 'a.jar'))
  expect(await resolve()).toEqual(first)
  expect((await readdir(join(first.folder, 'lib'))).sort()).toEqual(['a.jar', 'b.jar'])
})

test('jars are downloaded with progress when offline fails', async () => {
  await program(
    'mvn',
    `case "$*" in *' -o '*) echo '[ERROR] offline'; exit 1;; esac
echo '[INFO] Downloaded from central: https://repository.example/kafka-clients-4.1.1.jar (9.8 MB at 1 MB/s)'
${copyingMaven}`,
  )
  await resolve()
  expect(progress).toEqual([
    "looking for Kafka's jars in Maven's local repository",
    'downloading Kafka with Maven, about 45 MB, only this once',
    'downloading Kafka: kafka-clients-4.1.1.jar (9.8 MB), 1 files so far',
  ])
})

test("a failed download is told in Maven's own words and leaves nothing in the cache", async () => {
  await program('mvn', `echo '[ERROR] Could not transfer artifact x: Unknown host'; echo '[ERROR] Re-run'; exit 1`)
  await expect(resolve()).rejects.toMatchObject({
    code: 'TB_DEMO_UNAVAILABLE',
    message:
      "Maven could not fetch Kafka's jars (Could not transfer artifact x: Unknown host): mend the network or Maven's " +
      'settings, or set KAFKA_BROKERS to a running Kafka.',
  })
  expect(await readdir(join(folder, 'trackbridge', 'kafka-4.1.1'))).toEqual([])
})

test("Maven's complaint on stderr is told when it has no error line", async () => {
  await program('mvn', `echo 'The JAVA_HOME environment variable is not defined correctly' >&2; exit 1`)
  await expect(resolve()).rejects.toThrow('(The JAVA_HOME environment variable is not defined correctly)')
})

test('the environment reaches Maven', async () => {
  await program('mvn', `${copyingMaven}\necho "$MAVEN_OPTS $MAVEN_ARGS" > "$0.env"`)
  await resolve({ MAVEN_OPTS: '-Xmx1g', MAVEN_ARGS: '-U' })
  expect(await readFile(join(folder, 'bin', 'mvn.env'), 'utf8')).toBe('-Xmx1g -U\n')
})

test('two processes that fetch at the same time end with the same complete folder', async () => {
  await program('mvn', copyingMaven)
  const [one, two] = await Promise.all([resolve(), resolve()])
  expect(one).toEqual(two)
  expect(await readdir(join(folder, 'trackbridge', 'kafka-4.1.1'))).toEqual([basename(one.folder)])
  expect((await readdir(one.folder)).sort()).toEqual(['lib', 'pom.xml', 'stamp'])
})

test('an abort ends Maven and leaves nothing in the cache', async () => {
  const started = `[INFO] Downloaded from central: https://repository.example/x.jar (9.8 MB at 1 MB/s)`
  await program('mvn', `echo $$ > "$0.pid"; echo '${started}'; exec sleep 600`)
  const abort = new AbortController()
  const resolving = resolveKafkaJars({
    env: environment(),
    signal: abort.signal,
    onProgress: (line) => line.includes('x.jar') && abort.abort(),
  })
  await expect(resolving).rejects.toThrow('This operation was aborted')
  const pid = Number(await readFile(join(folder, 'bin', 'mvn.pid'), 'utf8'))
  await until(() => !isRunning(pid))
  expect(await readdir(join(folder, 'trackbridge', 'kafka-4.1.1'))).toEqual([])
})

test('what a killed download has left is removed a day later', async () => {
  const cache = join(folder, 'trackbridge', 'kafka-4.1.1')
  await mkdir(join(cache, 'unfinished-old'), { recursive: true })
  await mkdir(join(cache, 'unfinished-new'))
  await utimes(join(cache, 'unfinished-old'), 1_000_000, 1_000_000)
  await program('mvn', copyingMaven)
  const jars = await resolve()
  expect(await readdir(cache)).toEqual(expect.arrayContaining([basename(jars.folder), 'unfinished-new']) as string[])
  expect(await readdir(cache)).toHaveLength(2)
})

const copyingMaven = `for a in "$@"; do case "$a" in -DoutputDirectory=*) lib="\${a#*=}"; esac; done
mkdir -p "$lib" && echo b > "$lib/b.jar" && echo a > "$lib/a.jar"`

function environment(more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return { PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, XDG_CACHE_HOME: folder, ...more }
}

function resolve(more?: Readonly<Record<string, string>>): ReturnType<typeof resolveKafkaJars> {
  return resolveKafkaJars({ env: environment(more), onProgress })
}

async function program(name: string, script: string): Promise<void> {
  const path = join(folder, 'bin', name)
  await writeFile(path, `#!/bin/sh\n${script}\n`)
  await chmod(path, 0o755)
}
