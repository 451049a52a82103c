// The version of trackbridge, from the package's own description.
import { readFileSync } from 'node:fs'

/** e.g. `0.1.0` */
export function packageVersion(): string {
  const description = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return description.version
}
