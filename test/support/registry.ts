// A real schema registry: Apicurio 2, run from its own archive with the machine's Java, in memory. Test support.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findJava } from '../../src/demo/java.ts'
import { mavenArtifact } from './maven-artifact.ts'
import { until } from './until.ts'

const version = '2.6.13.Final'

export interface RealRegistry {
  /** Base of the Confluent-compatible API. */
  readonly url: string
  close(): Promise<void>
}

/** Starts it within a minute or so; the archive of 142 MB is fetched once. */
export async function startRegistry(): Promise<RealRegistry> {
  const archive = await mavenArtifact(
    `io.apicurio:apicurio-registry-app:${version}:tar.gz:all`,
    `apicurio-registry-app-${version}-all.tar.gz`,
  )
  const { java } = await findJava(process.env)
  if (java === undefined) throw new Error('Java 17 or newer is missing, which runs the schema registry')
  const folder = mkdtempSync(join(tmpdir(), 'trackbridge-registry-'))
  execFileSync('tar', ['xzf', archive, '-C', folder])
  const port = await freePort()
  const args = [
    '-Xmx256m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-Dquarkus.http.host=127.0.0.1',
    `-Dquarkus.http.port=${port}`,
    '-jar',
    `apicurio-registry-app-${version}-runner.jar`,
  ]
  const child = spawn(java.path, args, { cwd: folder, stdio: 'ignore' })
  const ended = once(child, 'exit')
  const close = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`
  const answers = (): Promise<boolean> =>
    fetch(`${url}/subjects`).then(
      ({ ok }) => ok,
      () => false,
    )
  try {
    await until(answers, { timeoutMs: 90_000, describe: () => `the schema registry answers at ${url}` })
  } catch (error) {
    await close()
    throw error
  }
  return { url, close }
}

/** A port that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
