import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcpServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { dockerAnswers } from '../../src/demo/docker-kafka.ts'

test('an engine that answers the ping is there, at a socket and at a TCP address', async () => {
  const paths: (string | undefined)[] = []
  const ping: RequestListener = (request, response) => {
    paths.push(request.url)
    response.end('OK')
  }
  const socket = await socketPath()
  await listening(createServer(ping), socket)
  expect(await dockerAnswers({ DOCKER_HOST: `unix://${socket}` })).toBe(true)
  const port = await listening(createServer(ping), 0)
  expect(await dockerAnswers({ DOCKER_HOST: `tcp://127.0.0.1:${port}` })).toBe(true)
  expect(paths).toEqual(['/_ping', '/_ping'])
})

test('a refused connection, a missing socket and an unknown scheme are no engine', async () => {
  const port = await listening(createTcpServer(), 0)
  expect(await dockerAnswers({ DOCKER_HOST: `unix://${await socketPath()}` })).toBe(false)
  expect(await dockerAnswers({ DOCKER_HOST: 'ssh://somewhere' })).toBe(false)
  expect(await dockerAnswers({ DOCKER_HOST: `tcp://127.0.0.1:${port}x` })).toBe(false)
})

test('an engine that answers the ping with an error is no engine', async () => {
  const server = createServer((_request, response) => {
    response.statusCode = 500
    response.end()
  })
  const port = await listening(server, 0)
  expect(await dockerAnswers({ DOCKER_HOST: `tcp://127.0.0.1:${port}` })).toBe(false)
})

test('a socket that accepts and stays silent is given up', async () => {
  const socket = await socketPath()
  await listening(createTcpServer(), socket)
  expect(await dockerAnswers({ DOCKER_HOST: `unix://${socket}` }, 50)).toBe(false)
})

async function socketPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'trackbridge-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'docker.sock')
}

async function listening(server: Server, where: string | number): Promise<number> {
  const open = new Set<{ destroy(): void }>()
  server.on('connection', (connection) => open.add(connection))
  await new Promise<void>((resolve) => {
    if (typeof where === 'string') server.listen(where, resolve)
    else server.listen(where, '127.0.0.1', resolve)
  })
  onTestFinished(async () => {
    for (const connection of open) connection.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
