import { describe, expect, test } from 'vitest'
import { readOneCall } from '../../../src/cli/explain/one-call.ts'
import { TrackbridgeError } from '../../../src/errors.ts'

function inputOf(chunks: readonly (string | Buffer)[]) {
  let reads = 0
  async function* read() {
    for (const chunk of chunks) {
      reads++
      yield Buffer.from(chunk)
    }
  }
  return { input: { name: 'stdin', sizeBytes: undefined, chunks: read() }, reads: () => reads }
}

describe('readOneCall', () => {
  test.each<[promise: string, chunks: readonly string[], found: Awaited<ReturnType<typeof readOneCall>>]>([
    ['takes the only line', ['{"a":1}'], { decoded: { ok: true, value: { a: 1 } }, line: 1, hasMore: false }],
    [
      'takes the first line of several',
      ['{"a":1}\n{"a":2}\n'],
      { decoded: { ok: true, value: { a: 1 } }, line: 1, hasMore: true },
    ],
    [
      'passes blank lines over',
      ['\n\r\n \n{"a":1}\r\n'],
      { decoded: { ok: true, value: { a: 1 } }, line: 4, hasMore: false },
    ],
    [
      'takes a document over several lines',
      ['\n{\n  "a"', ':\n\n 1\n}\n'],
      { decoded: { ok: true, value: { a: 1 } }, line: 2, hasMore: false },
    ],
    [
      'takes a document after a byte order mark',
      ['\uFEFF{\n"a":1}'],
      { decoded: { ok: true, value: { a: 1 } }, line: 1, hasMore: false },
    ],
    [
      'tells what is wrong in a document, and where',
      ['{\n  "a": 1,\n}\n'],
      {
        decoded: {
          ok: false,
          reason: 'is not JSON: Expected double-quoted property name in JSON at position 12 (line 3 column 1)',
        },
        line: 1,
        hasMore: false,
      },
    ],
    [
      'tells what is wrong in a line',
      ['nope\n{"a":1}\n'],
      {
        decoded: { ok: false, reason: `is not JSON: Unexpected token 'o', "nope\n{"a":1}\n" is not valid JSON` },
        line: 1,
        hasMore: false,
      },
    ],
  ])('%s', async (_, chunks, found) => {
    expect(await readOneCall(inputOf(chunks).input)).toEqual(found)
  })

  test('tells bytes that are no UTF-8', async () => {
    expect(await readOneCall(inputOf([Buffer.from([0x22, 0xff, 0x22])]).input)).toEqual({
      decoded: { ok: false, reason: 'is not valid UTF-8' },
      line: 1,
      hasMore: false,
    })
  })

  test('reads no further than the first call', async () => {
    const { input, reads } = inputOf(['{"a":', '1}\n{', 'never'])
    expect((await readOneCall(input)).decoded).toEqual({ ok: true, value: { a: 1 } })
    expect(reads()).toBe(2)
  })

  test('gives up on what is too long, with the fault of the first line where there is one', async () => {
    const [broken, endless] = [inputOf(['nope\n', 'x'.repeat(20), 'never']), inputOf(['x'.repeat(20), 'never'])]
    expect(await readOneCall(broken.input, 10)).toEqual({
      decoded: { ok: false, reason: `is not JSON: Unexpected token 'o', "nope" is not valid JSON` },
      line: 1,
      hasMore: true,
    })
    expect(await readOneCall(endless.input, 10)).toEqual({
      decoded: { ok: false, reason: 'must be of at most 10 bytes, found more' },
      line: 1,
      hasMore: true,
    })
    expect([broken.reads(), endless.reads()]).toEqual([2, 1])
  })

  test.each([[[]], [['']], [['\n \r\n\t']]])('refuses input without a call: %j', async (chunks) => {
    await expect(readOneCall(inputOf(chunks).input)).rejects.toEqual(
      new TrackbridgeError('TB_INPUT_UNREADABLE', 'stdin holds no call, only blanks'),
    )
  })
})
