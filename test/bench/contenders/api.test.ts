import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { open } from '../../../bench/contenders/api.ts'
import type { Job, Running } from '../../../bench/contenders/contender.ts'
import { refusedId, withDue } from '../../../bench/message-marks.ts'

const id = '01HQ3ZK5V7ABCDEFGHJKMNPQRS'
const good = JSON.stringify({ messageId: id })
const bad = JSON.stringify({ messageId: refusedId(id) })
const batch = (...messages: readonly string[]): string => `{"batch":[${messages.join(',')}]}`

const opened: Running[] = []
afterEach(async () => {
  for (const running of opened.splice(0)) await running.stop()
})

async function openApi(job: Partial<Job>): Promise<Running> {
  const running = await open({ brokers: [], rawTopic: 'main', prefix: 'bench', ...job })
  opened.push(running)
  return running
}

async function post(
  api: Running,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<number> {
  const url = `http://127.0.0.1:${api.figures?.()['port']}/v1/batch`
  const response = await fetch(url, { method: 'POST', body, headers })
  await response.text()
  return response.status
}

const countsOf = (api: Running): unknown => {
  const { accepted, refused, requests } = api.figures?.() ?? {}
  return { accepted, refused, requests }
}

test('what is sent is taken and counted, message by message', async () => {
  const api = await openApi({})
  expect(await post(api, batch(good, bad, good))).toBe(200)
  expect(await post(api, good)).toBe(200)
  expect(countsOf(api)).toStrictEqual({ accepted: 4, refused: 0, requests: 2 })
  expect(api.processed()).toBe(4)
})

test('a compressed body counts like a plain one', async () => {
  const api = await openApi({})
  expect(await post(api, new Uint8Array(gzipSync(batch(good, good))), { 'content-encoding': 'gzip' })).toBe(200)
  expect(countsOf(api)).toStrictEqual({ accepted: 2, refused: 0, requests: 1 })
})

test('told to refuse, it refuses whole requests with a marked message and counts the mark when it stands alone', async () => {
  const api = await openApi({ refuses: true })
  expect(await post(api, batch(good, bad))).toBe(400)
  expect(await post(api, batch(bad))).toBe(400)
  expect(await post(api, batch(good))).toBe(200)
  expect(countsOf(api)).toStrictEqual({ accepted: 1, refused: 1, requests: 3 })
})

test('latencies are told at the end, of messages that were due after the warm-up', async () => {
  const api = await openApi({ warmUpMs: 1_000 })
  const due = (ms: number): string => withDue(Buffer.from(good), ms).toString()
  await post(api, batch(good, due(1_000_000), due(1_000_999), due(1_001_000)))
  expect(api.figures?.()['samples']).toBeUndefined()
  await api.drain?.()
  expect(api.figures?.()['samples']).toBe(1)
})
