import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { pipelinesApiOptions, probePipelinesApi } from '../../src/cli/pipelines-settings.ts'
import { packageVersion } from '../../src/cli/version.ts'
import { parseConfig } from '../../src/config/load.ts'

function sinkOf(sink: Readonly<Record<string, unknown>>) {
  const document = { kafka: { brokers: 'a:1' }, destinations: [{ name: 'one', sink: { apiKey: 'k', ...sink } }] }
  const found = parseConfig(JSON.stringify(document), { path: '/x.yaml', env: {} }).destinations[0]?.sink
  if (found === undefined) throw new Error('no sink')
  return found
}

test('the API client gets its address, key, version and limits from the sink', () => {
  const options = pipelinesApiOptions(sinkOf({ region: 'eu', proxy: 'http://u:p@proxy:3128' }))
  expect({ ...options, apiKey: options.apiKey() }).toEqual({
    apiKey: 'k',
    url: 'https://cdp-eu.customer.io/v1',
    version: packageVersion(),
    timeoutMs: 30_000,
    maxInFlight: 8,
    proxy: 'http://u:p@proxy:3128',
  })
})

test('the probe posts an empty batch in strict mode with the key, and answers with the status', async () => {
  const requests: unknown[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    request.on('end', () => {
      const { authorization, 'x-strict-mode': strict } = request.headers
      requests.push({ method: request.method, url: request.url, authorization, strict, body })
      response.writeHead(400).end('{}')
    })
  })
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const answer = await probePipelinesApi(sinkOf({ url: `http://127.0.0.1:${port}/v1` }), new AbortController().signal)
  expect('status' in answer ? answer.status : answer).toBe(400)
  expect(requests).toEqual([
    {
      method: 'POST',
      url: '/v1/batch',
      authorization: `Basic ${Buffer.from('k:').toString('base64')}`,
      strict: '1',
      body: '{"batch":[]}',
    },
  ])
})
