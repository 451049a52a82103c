// The three calls that the demo shows one by one. In: the time. Out: raw records with a title each. Pure.

export interface Example {
  readonly title: string
  readonly key: string
  readonly value: string
}

/** A v1 call that becomes two messages, a v2 call with more digits than a double holds, and a call at fault. */
export function examples(atMs: number): readonly Example[] {
  const receivedAt = new Date(atMs).toISOString()
  const call = (method: string, path: string, body: string): string =>
    `{"source":"web","method":"${method}","path":"${path}","body":${body},"received_at":"${receivedAt}"}`
  return [
    {
      title: 'Track v1: a person signs up and joins a company',
      key: 'zoe',
      value: call(
        'PUT',
        '/api/v1/customers/zoe',
        '{"email":"zoe@example.com","plan":"pro","cio_relationships":{"action":"add_relationships",' +
          '"relationships":[{"identifiers":{"object_id":"acme"}}]}}',
      ),
    },
    {
      title: 'Track v2: the same person buys something; every digit survives',
      key: 'zoe',
      value: call(
        'POST',
        '/api/v2/entity',
        '{"type":"person","action":"event","identifiers":{"id":"zoe"},"name":"purchase",' +
          '"attributes":{"order":12345678901234567890,"price":23.40}}',
      ),
    },
    {
      title: 'A call at fault: it says nobody',
      key: 'nobody',
      value: call('POST', '/api/v2/entity', '{"type":"person","action":"identify","attributes":{"plan":"pro"}}'),
    },
  ]
}
