// The configuration as anybody may see it. In: Config. Out: the same, without secrets.

const secretKeys: ReadonlySet<string> = new Set([
  'apiKey',
  'password',
  'passphrase',
  'token',
  'secret',
  'clientSecret',
  'accessKeyId',
  'secretAccessKey',
  'sessionToken',
  'key',
  'cert',
  'ca',
  'authorization',
])
const concealed = '***'

/** Names of files that hold secrets stay; so do keys and everything that no secret can stand in. */
export function shownConfig(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((entry) => shownConfig(entry, key))
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([name, inner]) => [name, inHeaders(key, name, inner)] as const)
    return Object.fromEntries(entries)
  }
  if (typeof value !== 'string') return value
  // User name and password may stand in an address.
  return secretKeys.has(key) ? concealed : value.replace(/:\/\/[^/@\s]*@/, `://${concealed}@`)
}

function inHeaders(parent: string, name: string, value: unknown): unknown {
  return parent === 'headers' ? concealed : shownConfig(value, name)
}
