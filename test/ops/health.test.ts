import { expect, test } from 'vitest'
import { createHealth, healthRoutes } from '../../src/ops/health.ts'

const ready = async (health: ReturnType<typeof createHealth>) => {
  const answer = await healthRoutes(health)['/ready']?.()
  return { status: answer?.status, body: JSON.parse(answer?.body ?? 'null') as unknown }
}

test('a process without parts is alive but not ready', async () => {
  const health = createHealth()
  const live = await healthRoutes(health)['/live']?.()
  expect(live).toEqual({ status: 200, contentType: 'application/json; charset=utf-8', body: '{"live":true}' })
  expect(await ready(health)).toEqual({ status: 503, body: { ready: false, parts: [] } })
})

test('a part is not ready before it says so', async () => {
  const health = createHealth()
  health.part('process')
  expect(await ready(health)).toEqual({
    status: 503,
    body: { ready: false, parts: [{ name: 'process', ready: false, why: 'starting' }] },
  })
})

test('a process is ready when every part is, and not when one is not, which says why', async () => {
  const health = createHealth()
  const [first, second] = [health.part('process'), health.part('sink a')]
  first.ready()
  second.ready()
  const both = {
    ready: true,
    parts: [
      { name: 'process', ready: true, why: '' },
      { name: 'sink a', ready: true, why: '' },
    ],
  }
  expect(await ready(health)).toEqual({ status: 200, body: both })
  first.notReady('Kafka does not answer')
  expect(await ready(health)).toEqual({
    status: 503,
    body: {
      ready: false,
      parts: [
        { name: 'process', ready: false, why: 'Kafka does not answer' },
        { name: 'sink a', ready: true, why: '' },
      ],
    },
  })
})

test('a part that has ended counts no more', async () => {
  const health = createHealth()
  health.part('process').ready()
  const sink = health.part('sink a')
  sink.remove()
  expect(await ready(health)).toEqual({
    status: 200,
    body: { ready: true, parts: [{ name: 'process', ready: true, why: '' }] },
  })
})

test('a part that is ready may have trouble, which is told and changes nothing else', async () => {
  const health = createHealth()
  const part = health.part('sink a')
  part.ready('the API answers 503')
  const told = { name: 'sink a', ready: true, why: 'the API answers 503' }
  expect(await ready(health)).toEqual({ status: 200, body: { ready: true, parts: [told] } })
  part.ready()
  expect(await ready(health)).toEqual({ status: 200, body: { ready: true, parts: [{ ...told, why: '' }] } })
})
