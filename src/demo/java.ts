// Finds the two programs that the embedded Kafka needs: Java (17 or newer) and, for the first start only, Maven.
// In: an environment. Out: absolute paths, or undefined with what was seen instead.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, constants } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'

/** Environment variables, handed in by whoever may read them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** `{ path: '/usr/bin/java', version: '17.0.15', major: 17, build: '5f0c2a9e' }`; `build` differs between any two
 *  builds of Java, also of the same version. */
export interface Java {
  readonly path: string
  readonly version: string
  readonly major: number
  readonly build: string
}

// The oldest Java that runs Kafka 4.
const oldestJavaMajor = 17

/** Reads what `java -version` prints: `openjdk version "17.0.15" ...` gives `{ version: '17.0.15', major: 17 }`, and
 *  the old `"1.8.0_292"` gives major 8. Undefined when it is not the output of a Java. */
export function parseJavaVersion(output: string): Pick<Java, 'version' | 'major'> | undefined {
  const version = /version "([^"]+)"/.exec(output)?.[1]
  const numbers = /^(?:1\.)?(\d+)/.exec(version ?? '')
  return version === undefined || numbers === null ? undefined : { version, major: Number(numbers[1]) }
}

/** The first Java of JAVA_HOME and PATH that is new enough, and those that were too old. Never throws. */
export async function findJava(env: Environment): Promise<{ java: Java | undefined; tooOld: readonly Java[] }> {
  const tooOld: Java[] = []
  for (const path of await executables('java', [env['JAVA_HOME']], env)) {
    const java = await askVersion(path, env)
    if (java !== undefined && java.major >= oldestJavaMajor) return { java, tooOld }
    if (java !== undefined) tooOld.push(java)
  }
  return { java: undefined, tooOld }
}

/** The `mvn` of MAVEN_HOME or PATH. Never throws. */
export async function findMaven(env: Environment): Promise<string | undefined> {
  return (await executables('mvn', [env['MAVEN_HOME']], env))[0]
}

/** One sentence for whoever lacks Java, Maven or both: what is missing and what to install. */
export function missingSentence(missing: { java: boolean; maven: boolean }, tooOld: readonly Java[] = []): string {
  const names = [...(missing.java ? [`Java ${oldestJavaMajor} or newer`] : []), ...(missing.maven ? ['Maven'] : [])]
  const packages = [...(missing.java ? ['openjdk-17-jre-headless'] : []), ...(missing.maven ? ['maven'] : [])]
  const formulas = [...(missing.java ? ['openjdk'] : []), ...(missing.maven ? ['maven'] : [])]
  const seen = tooOld.map((java) => `Java ${java.version} at ${java.path}`).join(', ')
  return (
    `No Kafka can be started here because ${names.join(' and ')} ${names.length > 1 ? 'are' : 'is'} missing` +
    `${seen === '' ? '' : ` (found only ${seen})`}: install ${names.length > 1 ? 'them' : 'it'} ` +
    `(Debian, Ubuntu: apt-get install ${packages.join(' ')}; macOS: brew install ${formulas.join(' ')}), ` +
    `or start Docker, or set KAFKA_BROKERS to a running Kafka.`
  )
}

async function executables(
  name: string,
  homes: readonly (string | undefined)[],
  env: Environment,
): Promise<readonly string[]> {
  const folders = [
    ...homes.flatMap((home) => (home === undefined || home === '' ? [] : [join(home, 'bin')])),
    ...(env['PATH'] ?? '').split(delimiter),
  ].filter((folder) => isAbsolute(folder))
  const found: string[] = []
  for (const folder of new Set(folders)) {
    const path = join(folder, name)
    const usable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (usable) found.push(path)
  }
  return found
}

function askVersion(path: string, env: Environment): Promise<Java | undefined> {
  return new Promise((resolve) => {
    execFile(path, ['-version'], { env, timeout: 20_000 }, (error, _stdout, stderr) => {
      const parsed = error ? undefined : parseJavaVersion(stderr)
      const build = createHash('sha256').update(stderr).digest('hex').slice(0, 8)
      resolve(parsed && { path, ...parsed, build })
    })
  })
}
