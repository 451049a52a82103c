// Config -> the schema registry that it names.
import type { Config } from '../config/schema.ts'
import { readSecret, secretSource } from '../config/secret.ts'
import { createRegistry, type Registry } from '../schemas/registry.ts'

/** The registry; undefined where the configuration names none. Connects nothing yet. */
export function configuredRegistry({ schemaRegistry }: Pick<Config, 'schemaRegistry'>): Registry | undefined {
  if (schemaRegistry === undefined) return undefined
  const { url, username, password, passwordFile, caFile, timeoutMs } = schemaRegistry
  const source = secretSource(password, passwordFile)
  const read = source === undefined ? () => '' : readSecret(source)
  return createRegistry({
    urls: url,
    timeoutMs,
    ...(username === undefined ? {} : { credentials: () => ({ username, password: read() }) }),
    ...(caFile === undefined ? {} : { ca: readSecret({ file: caFile }) }),
  })
}
