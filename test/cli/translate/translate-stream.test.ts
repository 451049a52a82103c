import { describe, expect, test } from 'vitest'
import { createTally } from '../../../src/cli/translate/tally.ts'
import { translateBlock } from '../../../src/cli/translate/translate-block.ts'
import { openTranslatePool, type PoolOptions } from '../../../src/cli/translate/translate-pool.ts'
import { translateStream, type StreamOptions, type StreamWork } from '../../../src/cli/translate/translate-stream.ts'
import { systemClock } from '../../../src/clock.ts'
import { defaultMappingSettings } from '../../../src/translate/mapping-table.ts'
import { trackLines } from '../../../bench/track-traffic.ts'

const settings = { topic: 'calls.ndjson', timestampMs: 0, mapping: defaultMappingSettings }
const person = (id: number) => `{"type":"person","action":"delete","identifiers":{"id":"${id}"}}`
const mixture = Buffer.concat([
  Buffer.from('\uFEFF\r\nno json\n{"a":"'),
  Buffer.from([0xff]),
  Buffer.from(`"}\r\n\n \t\n{"batch":[${person(1)},{}]}\n`),
  Buffer.from(trackLines(2_000).join('\n')),
])

async function* chunksOf(bytes: Buffer, chunkBytes = 10_000) {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}

async function* breaking() {
  yield Buffer.from(`${person(1)}\n${person(2)}\n${person(3)}\n{"ty`)
  throw new Error('EIO')
}

/** Output and sums of a stream; rejects as it does. `written` has what was written until then. */
function run(work: Partial<StreamWork>, options: StreamOptions = {}) {
  const written: Buffer[] = []
  const ended = translateStream(
    {
      chunks: chunksOf(mixture),
      settings,
      threads: 1,
      write: async (bytes) => void written.push(Buffer.from(bytes)),
      onRead: () => undefined,
      clock: systemClock,
      signal: new AbortController().signal,
      ...work,
    },
    options,
  )
  return { ended, text: () => Buffer.concat(written).toString() }
}

/** Opens pools whose threads run this text, or ours, and counts them. */
function countingPools(source?: string) {
  const entry = source === undefined ? {} : { entry: new URL(`data:text/javascript,${encodeURIComponent(source)}`) }
  let [opened, blocks, most] = [0, 0, 0]
  const openPool = (options: PoolOptions) => {
    opened++
    const pool = openTranslatePool({ ...options, ...entry })
    const translate: typeof pool.translate = async (block) => {
      most = Math.max(most, ++blocks)
      return pool.translate(block).finally(() => blocks--)
    }
    return { ...pool, translate }
  }
  return { openPool, opened: () => opened, mostBlocks: () => most }
}

const untilAsked = (): { readonly release: () => void; readonly wait: Promise<void> } => {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { release: resolve, wait: promise }
}

describe('a stream of calls', () => {
  test('becomes the same bytes and sums with one thread and with three, in large blocks and in tiny ones', async () => {
    const whole = createTally()
    const block = { firstLine: 1, bytes: new Uint8Array(mixture) }
    const expected = Buffer.concat([...translateBlock(block, settings, whole)]).toString()
    expect(expected.split('\n').slice(0, 3)).toEqual([
      String.raw`{"line":2,"outcome":"invalid","field":"record","reason":"is not JSON: Unexpected token 'o', \"no json\" is not valid JSON"}`,
      '{"line":3,"outcome":"invalid","field":"record","reason":"is not valid UTF-8"}',
      expect.stringContaining('{"line":6,"outcome":"translated","messages":[{'),
    ])
    expect(whole.sums().lines).toBe(2_003)
    for (const threads of [1, 3]) {
      for (const blockBytes of [1, 1_000, 50_000]) {
        const { ended, text } = run({ threads }, { blockBytes, soloBytes: 5_000 })
        expect(await ended).toEqual(whole.sums())
        expect(text() === expected).toBe(true)
      }
    }
  })

  test('starts no thread when it is small, and one set of them when it is not', async () => {
    const pools = countingPools()
    await run({ threads: 2 }, pools).ended
    expect(pools.opened()).toBe(0)
    await run({ threads: 2 }, { ...pools, blockBytes: 1_000, soloBytes: 1_000 }).ended
    expect(pools.opened()).toBe(1)
  })

  test('has two blocks a thread under way at most, and reads no more while nobody takes its output', async () => {
    const pools = countingPools()
    const { release, wait } = untilAsked()
    let [readBytes, isStuck] = [0, false]
    const { ended } = run(
      {
        threads: 2,
        write: () => {
          isStuck = true
          return wait
        },
        onRead: (_, bytes) => {
          readBytes = bytes
        },
      },
      { ...pools, blockBytes: 5_000, soloBytes: 0 },
    )
    await expect.poll(() => isStuck).toBe(true)
    const most = 4 * 6_000 + 2 * 10_000
    expect(readBytes).toBeLessThan(most)
    release()
    await ended
    expect([readBytes, pools.mostBlocks()]).toEqual([mixture.length, 4])
  })

  test('answers calls that come slowly without waiting for more', async () => {
    const { release, wait } = untilAsked()
    async function* slow() {
      yield Buffer.from(`${person(1)}\n${person(2)}\n{"ty`)
      await wait
      yield Buffer.from('pe":1}')
    }
    const { ended, text } = run({ chunks: slow() })
    await expect.poll(() => text().split('\n').length).toBe(3)
    release()
    expect((await ended).lines).toBe(3)
  })

  test.each([1, 2])('that breaks off is written up to its last whole line, with %i threads', async (threads) => {
    const { ended, text } = run({ chunks: breaking(), threads }, { blockBytes: 100, soloBytes: 0 })
    await expect(ended).rejects.toThrow('EIO')
    expect([...text().matchAll(/"line":(\d)/g)].map(([, line]) => line)).toEqual(['1', '2', '3'])
  })

  test.each([
    ['throw new Error("boom")', 'worker thread 1 of 1 of translate failed: boom'],
    ['process.exit(3)', 'worker thread 1 of 1 of translate ended with exit code 3'],
  ])('fails and names the thread that fails: %s', async (source, message) => {
    const { ended, text } = run({ threads: 1 })
    await ended
    const pools = countingPools(source)
    const broken = run(
      { threads: 2 },
      { blockBytes: 1_000, soloBytes: 1_000, openPool: (options) => pools.openPool({ ...options, threads: 1 }) },
    )
    await expect(broken.ended).rejects.toMatchObject({ code: 'TB_BUG', message })
    expect(text().startsWith(broken.text())).toBe(true)
  })

  test('ends at once when it is aborted, although its threads never answer', async () => {
    const interruption = new AbortController()
    const pools = countingPools(
      'import { parentPort } from "node:worker_threads"; parentPort.on("message", () => undefined)',
    )
    const { ended } = run({ threads: 2, signal: interruption.signal }, { ...pools, blockBytes: 1_000, soloBytes: 0 })
    await expect.poll(() => pools.mostBlocks()).toBe(4)
    interruption.abort(new Error('SIGINT'))
    await expect(ended).rejects.toThrow('was closed before its work was done')
  })
})
