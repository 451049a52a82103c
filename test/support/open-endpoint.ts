// An HTTP endpoint that closes with the test, and a request for it. Test support.
import { onTestFinished } from 'vitest'
import {
  createHttpEndpoint,
  type EndpointRequest,
  type HttpEndpoint,
  type HttpEndpointOptions,
} from '../../src/sink/http-endpoint.ts'

export const secret = 'the-secret-key'
export const never = new AbortController().signal

export const request: EndpointRequest = {
  path: '/batch',
  contentType: 'application/json',
  body: Buffer.from('{"batch":[{"type":"track","event":"é"}]}'),
}

/** The API below `<url>/v1`, with an API key. */
export function openEndpoint(url: string, changes: Partial<HttpEndpointOptions> = {}): HttpEndpoint {
  const endpoint = createHttpEndpoint({
    url: `${url}/v1`,
    credentials: () => ({ type: 'basic', username: secret, password: '' }),
    version: '1.2.3',
    timeoutMs: 10_000,
    maxInFlight: 4,
    ...changes,
  })
  onTestFinished(() => endpoint.close())
  return endpoint
}

/** Sends the request once; the status of the answer, or the name of the fault. */
export async function outcome(
  endpoint: HttpEndpoint,
  changes: Partial<EndpointRequest> = {},
): Promise<number | string> {
  const answer = await endpoint.send({ ...request, ...changes }, never)
  return 'status' in answer ? answer.status : answer.networkError
}
