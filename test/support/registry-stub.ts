// A schema registry in memory over HTTP, as far as trackbridge asks one; it answers otherwise when a test says so. Test
// support.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface RegistryStub {
  readonly url: string
  /** e.g. `GET /schemas/ids/1`, in order. */
  readonly seen: string[]
  readonly authorizations: (string | undefined)[]
  /** Puts a schema under a subject, new or not, without any check; gives its id. */
  put(subject: string, schema: string): number
  /** In place of the registry's own answers; undefined: it answers itself. */
  fault: ((request: IncomingMessage, response: ServerResponse) => void) | undefined
  close(): Promise<void>
}

const notFound = (code: number, message: string) => [404, { error_code: code, message }] as const

type Reply = readonly [status: number, body: unknown]

/** Ends with the test where there is one. */
export async function startRegistryStub({ port = 0 } = {}): Promise<RegistryStub> {
  const schemas: string[] = []
  const subjects = new Map<string, number[]>()
  const levels = new Map<string, string>()
  const put = (subject: string, schema: string): number => {
    const known = schemas.indexOf(schema)
    const id = known < 0 ? schemas.push(schema) : known + 1
    const versions = subjects.get(subject) ?? []
    if (!versions.includes(id)) subjects.set(subject, [...versions, id])
    return id
  }
  const versionOf = (subject: string, id: number): Reply => [
    200,
    { subject, id, version: (subjects.get(subject) ?? []).indexOf(id) + 1, schema: schemas[id - 1] },
  ]
  const levelReply = (subject: string, wanted: string | undefined): Reply => {
    if (wanted !== undefined) levels.set(subject, wanted)
    const level = levels.get(subject)
    return level === undefined
      ? notFound(40_408, 'no level')
      : [200, { compatibilityLevel: level, compatibility: level }]
  }
  const subjectReply = (method: string, subject: string, isVersions: boolean, schema: string): Reply => {
    if (method === 'POST' && isVersions) return [200, { id: put(subject, schema) }]
    const ids = subjects.get(subject)
    if (ids === undefined) return notFound(40_401, 'Subject not found')
    if (isVersions) return versionOf(subject, ids.at(-1)!)
    const id = schemas.indexOf(schema) + 1
    return ids.includes(id) ? versionOf(subject, id) : notFound(40_403, 'Schema not found')
  }
  const reply = (method: string, path: string, body: { schema?: string; compatibility?: string }): Reply => {
    const [, kind, name = '', next] = path.split('?')[0]!.split('/')
    const subject = decodeURIComponent(name)
    if (kind === 'schemas') {
      const schema = schemas[Number(next) - 1]
      return schema === undefined ? notFound(40_403, 'Schema not found') : [200, { schema }]
    }
    if (kind === 'config') return levelReply(subject, method === 'PUT' ? body.compatibility : undefined)
    if (kind === 'compatibility') return [200, { is_compatible: true }]
    return subjectReply(method, subject, next === 'versions', body.schema ?? '')
  }
  const stub: Omit<RegistryStub, 'url' | 'close'> = { seen: [], authorizations: [], put, fault: undefined }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      stub.seen.push(`${request.method} ${request.url}`)
      stub.authorizations.push(request.headers.authorization)
      if (stub.fault !== undefined) return stub.fault(request, response)
      const text = Buffer.concat(chunks).toString('utf8')
      const [status, body] = reply(request.method ?? '', request.url ?? '', text === '' ? {} : JSON.parse(text))
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return Object.assign(stub, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close })
}

/** The same, closed when the running test is over. */
export async function withRegistryStub(): Promise<RegistryStub> {
  const stub = await startRegistryStub()
  onTestFinished(() => stub.close())
  return stub
}
