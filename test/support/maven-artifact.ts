// An artifact that Maven fetches once into the cache where Kafka's jars are. Test support.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { findMaven } from '../../src/demo/java.ts'
import { cacheFolder } from '../../src/demo/kafka-jars.ts'

const goal = 'org.apache.maven.plugins:maven-dependency-plugin:2.10:copy'

/** Path of the file of e.g. `org.apache.avro:avro:1.12.0:jar`, which is named `avro-1.12.0.jar`. Rejects with what Maven
 *  says when it cannot be fetched. */
export async function mavenArtifact(coordinates: string, fileName: string): Promise<string> {
  const folder = join(dirname(cacheFolder(process.env, 'any')), 'test-artifacts')
  const path = join(folder, fileName)
  if (existsSync(path)) return path
  const maven = await findMaven(process.env)
  if (maven === undefined) throw new Error(`Maven is missing, which fetches ${coordinates}`)
  for (const flags of [['-o'], []]) {
    const args = ['-B', '-q', ...flags, goal, `-Dartifact=${coordinates}`, `-DoutputDirectory=${folder}`]
    const child = spawn(maven, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    const closed = once(child, 'close')
    const said = await text(child.stdout)
    const [code]: unknown[] = await closed
    if (code === 0 && existsSync(path)) return path
    if (flags.length === 0) throw new Error(`Maven cannot fetch ${coordinates}: ${said.slice(-1_000)}`)
  }
  return path
}
