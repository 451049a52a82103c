// A schema registry that goes away in the ways registries do, and comes back with all it knew. In: schemas, faults. Out: a
// URL, which stays the same.
import type { ServerResponse } from 'node:http'
import { startRegistryStub, type RegistryStub } from '../../test/support/registry-stub.ts'

/** `gateway`: a 404 of something in front of the registry, which says nothing of schemas. */
export type RegistryFault = 'refuses' | 'silent' | '503' | 'gateway' | 'garbage'

export interface FaultyRegistry {
  readonly url: string
  /** Puts a schema under a subject; gives its id. */
  put(subject: string, schema: string): number
  /** From now on requests meet this fault; undefined: all is well again. Resolves when that is so. */
  strike(fault: RegistryFault | undefined): Promise<void>
  close(): Promise<void>
}

const html = { 'content-type': 'text/html' }
const faults: Readonly<Record<Exclude<RegistryFault, 'refuses'>, (response: ServerResponse) => void>> = {
  silent: () => undefined,
  '503': (response) => void response.writeHead(503, html).end('<h1>out of order</h1>'),
  gateway: (response) => void response.writeHead(404, html).end('<h1>no such page</h1>'),
  garbage: (response) => void response.writeHead(200).end(Buffer.from([0xff, 0x00, 0x7b])),
}

/** Resolves when it listens. */
export async function startFaultyRegistry(): Promise<FaultyRegistry> {
  let stub: RegistryStub | undefined = await startRegistryStub()
  const { url } = stub
  const known: (readonly [subject: string, schema: string])[] = []
  // The stub counts its ids: put in the same order, schemas have the same ones.
  const up = async (): Promise<RegistryStub> => {
    const started = stub ?? (await startRegistryStub({ port: Number(new URL(url).port) }))
    if (stub === undefined) for (const [subject, schema] of known) started.put(subject, schema)
    stub = started
    return started
  }
  const down = async (): Promise<void> => {
    await stub?.close()
    stub = undefined
  }
  return {
    url,
    put(subject, schema) {
      if (stub === undefined) throw new Error('a registry that is away takes no schemas')
      known.push([subject, schema])
      return stub.put(subject, schema)
    },
    async strike(fault) {
      if (fault === 'refuses') return down()
      const way = fault === undefined ? undefined : faults[fault]
      const running = await up()
      running.fault = way && ((_request, response) => way(response))
    },
    close: down,
  }
}
