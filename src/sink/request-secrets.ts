// PURE: the credentials of a request, and how they are kept out of what is shown. An answer ends up in dead letters and
// log lines, and some servers and proxies quote the request in it. Ruled by sink.md, "Behaviour".

/** How we prove who we are. An API key is the user name of `basic` with an empty password. */
export type Credentials =
  | { readonly type: 'basic'; readonly username: string; readonly password: string }
  | { readonly type: 'bearer'; readonly token: string }
  | { readonly type: 'none' }

export interface RequestSecrets {
  /** The header; null where there is none. */
  readonly authorization: string | null
  /** Every text that must not be shown. */
  readonly secrets: readonly string[]
}

/** The Authorization header, and what of it and of the further headers is secret: API key, password or token, their
 *  base64, and headers' values of 4 characters or more (to hide every "1" of an answer would hide the answer). */
export function secretsOf(credentials: Credentials, headers: Readonly<Record<string, string>> = {}): RequestSecrets {
  const values = Object.values(headers).filter((value) => value.length >= shortestHeaderSecret)
  switch (credentials.type) {
    case 'basic': {
      const { username, password } = credentials
      const encoded = Buffer.from(`${username}:${password}`).toString('base64')
      // A server may show what it has decoded.
      const plain = password === '' ? username : password
      return { authorization: `Basic ${encoded}`, secrets: [encoded, plain, ...values] }
    }
    case 'bearer':
      return { authorization: `Bearer ${credentials.token}`, secrets: [credentials.token, ...values] }
    case 'none':
      return { authorization: null, secrets: values }
  }
}

const shortestHeaderSecret = 4

/** What hides secrets in a text: `***` in place of each of them, also of one that is written as in JSON, in an address, or
 *  as base64. Made once for many texts. */
export function createConcealer(secrets: readonly string[]): (text: string) => string {
  const hidden = secrets
    .filter((secret) => secret !== '')
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret.toWellFormed())])
    .toSorted((one, other) => other.length - one.length)
  return (text) => hidden.reduce((shown, secret) => shown.replaceAll(secret, '***'), text)
}

/** `make` of what `read` gives, made anew only when that is another one: they are asked for with every request. */
export function followCredentials<T>(read: () => Credentials, make: (credentials: Credentials) => T): () => T {
  let last: { readonly credentials: Credentials; readonly made: T } | undefined
  return () => {
    const credentials = read()
    if (last === undefined || !isSame(last.credentials, credentials)) last = { credentials, made: make(credentials) }
    return last.made
  }
}

function isSame(one: Credentials, other: Credentials): boolean {
  switch (one.type) {
    case 'basic':
      return other.type === 'basic' && one.username === other.username && one.password === other.password
    case 'bearer':
      return other.type === 'bearer' && one.token === other.token
    case 'none':
      return other.type === 'none'
  }
}
