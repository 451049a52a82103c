import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { findJava, findMaven, missingSentence, parseJavaVersion } from '../../src/demo/java.ts'

const openJdk = 'openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment (build 17.0.15+6)'

test.each([
  ['OpenJDK', openJdk, { version: '17.0.15', major: 17 }],
  ['Oracle, first release', 'java version "21" 2023-09-19 LTS', { version: '21', major: 21 }],
  ['early access', 'openjdk version "26-ea" 2026-03-17', { version: '26-ea', major: 26 }],
  ['the old numbering', 'java version "1.8.0_292"', { version: '1.8.0_292', major: 8 }],
  ['options picked up first', `Picked up JAVA_TOOL_OPTIONS: -Xmx1g\n${openJdk}`, { version: '17.0.15', major: 17 }],
  ['something else', 'bash: java: not found', undefined],
  ['a version without numbers', 'java version "beta"', undefined],
])('the version of Java is read from the output of %s', (_name, output, expected) => {
  expect(parseJavaVersion(output)).toEqual(expected)
})

test('JAVA_HOME comes before PATH', async () => {
  const home = await fakeProgram('java', versionScript('21.0.1'))
  const path = await fakeProgram('java', versionScript('17.0.15'))
  const { java } = await findJava({ JAVA_HOME: home, PATH: join(path, 'bin') })
  expect(java).toEqual({ path: join(home, 'bin', 'java'), version: '21.0.1', major: 21, build: java?.build })
})

test('a Java that is too old is passed over and named', async () => {
  const old = await fakeProgram('java', versionScript('11.0.2'))
  const good = await fakeProgram('java', versionScript('17.0.15'))
  const { java, tooOld } = await findJava({ JAVA_HOME: old, PATH: join(good, 'bin') })
  expect(java?.path).toBe(join(good, 'bin', 'java'))
  expect(tooOld.map(({ path, major }) => ({ path, major }))).toEqual([{ path: join(old, 'bin', 'java'), major: 11 }])
})

test('a java that only prints advice, as on macOS without one, is no Java', async () => {
  const stub = await fakeProgram('java', 'echo "No Java runtime present" >&2; exit 1')
  expect(await findJava({ PATH: join(stub, 'bin') })).toEqual({ java: undefined, tooOld: [] })
})

test('Maven is found in MAVEN_HOME before PATH, and not at all in an empty environment', async () => {
  const home = await fakeProgram('mvn', 'exit 0')
  const path = await fakeProgram('mvn', 'exit 0')
  expect(await findMaven({ MAVEN_HOME: home, PATH: join(path, 'bin') })).toBe(join(home, 'bin', 'mvn'))
  expect(await findMaven({ PATH: join(path, 'bin') })).toBe(join(path, 'bin', 'mvn'))
  expect(await findMaven({ PATH: '' })).toBe(undefined)
  expect(await findMaven({})).toBe(undefined)
})

test('what is missing is one sentence that says what to install', () => {
  expect(missingSentence({ java: true, maven: false })).toBe(
    'No Kafka can be started here because Java 17 or newer is missing: install it (Debian, Ubuntu: apt-get install ' +
      'openjdk-17-jre-headless; macOS: brew install openjdk), or start Docker, or set KAFKA_BROKERS to a running Kafka.',
  )
  expect(missingSentence({ java: false, maven: true })).toBe(
    'No Kafka can be started here because Maven is missing: install it (Debian, Ubuntu: apt-get install maven; ' +
      'macOS: brew install maven), or start Docker, or set KAFKA_BROKERS to a running Kafka.',
  )
  const old = { path: '/opt/java/bin/java', version: '1.8.0_292', major: 8, build: '0' }
  expect(missingSentence({ java: true, maven: true }, [old])).toBe(
    'No Kafka can be started here because Java 17 or newer and Maven are missing (found only Java 1.8.0_292 at ' +
      '/opt/java/bin/java): install them (Debian, Ubuntu: apt-get install openjdk-17-jre-headless maven; ' +
      'macOS: brew install openjdk maven), or start Docker, or set KAFKA_BROKERS to a running Kafka.',
  )
})

async function fakeProgram(name: string, script: string): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'trackbridge-test-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  const path = join(home, 'bin', name)
  await mkdir(join(home, 'bin'))
  await writeFile(path, `#!/bin/sh\n${script}\n`)
  await chmod(path, 0o755)
  return home
}

function versionScript(version: string): string {
  return `echo 'openjdk version "${version}" 2025-01-01' >&2`
}
