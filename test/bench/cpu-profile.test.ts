import { expect, test } from 'vitest'
import { areaPercents, selfTimes, type CpuProfile } from '../../bench/cpu-profile.ts'

const frame = (functionName: string, url = '', lineNumber = 0): CpuProfile['nodes'][number]['callFrame'] => ({
  functionName,
  url,
  lineNumber,
})

/** One node for each frame, one sample of each, held for `microseconds`. */
function profileOf(...held: readonly (readonly [ReturnType<typeof frame>, microseconds: number])[]): CpuProfile {
  return {
    nodes: held.map(([callFrame], id) => ({ id, callFrame })),
    samples: held.map((_, id) => id),
    timeDeltas: [7, ...held.map(([, microseconds]) => microseconds)],
  }
}

test('self times add up by function and file, leave idle time out and are the longest first', () => {
  const translate = frame('translate', 'file:///app/src/translate/translate.ts', 12)
  const profile = profileOf(
    [frame('(idle)'), 9_000],
    [translate, 1_000],
    [frame('translate', 'file:///app/src/cli/translate.ts'), 1_000],
    [{ ...translate }, 2_000],
    [frame('(garbage collector)'), 4_000],
  )
  expect(selfTimes(profile)).toStrictEqual([
    { name: '(garbage collector)', file: '', area: 'gc', milliseconds: 4, busyPercent: 50 },
    { name: 'translate', file: 'src/translate/translate.ts', area: 'translate', milliseconds: 3, busyPercent: 37.5 },
    { name: 'translate', file: 'src/cli/translate.ts', area: 'other', milliseconds: 1, busyPercent: 12.5 },
  ])
})

test('anonymous functions of one file are told apart by their lines', () => {
  const url = 'file:///app/node_modules/kafkajs/src/loop.js'
  expect(selfTimes(profileOf([frame('', url, 30), 2_000], [frame('', url, 31), 1_000]))).toMatchObject([
    { name: '(anonymous):31', file: 'kafkajs/src/loop.js' },
    { name: '(anonymous):32', file: 'kafkajs/src/loop.js' },
  ])
})

test('native functions without a name are told by their caller', () => {
  const [compress, encode] = ['compress', 'encode'].map((name) => frame(name, 'file:///app/src/kafka/wire/codec.ts'))
  const profile: CpuProfile = {
    nodes: [
      { id: 1, callFrame: compress!, children: [2] },
      { id: 2, callFrame: frame('') },
      { id: 3, callFrame: encode!, children: [4] },
      { id: 4, callFrame: frame('') },
    ],
    samples: [2, 4, 2],
    timeDeltas: [0, 1_000, 1_000, 2_000],
  }
  const file = 'src/kafka/wire/codec.ts'
  expect(selfTimes(profile)).toStrictEqual([
    { name: '(native) in compress', file, area: 'native', milliseconds: 3, busyPercent: 75 },
    { name: '(native) in encode', file, area: 'native', milliseconds: 1, busyPercent: 25 },
  ])
})

test.each([
  ['file:///app/src/records/message-record.ts', 'translate'],
  ['file:///app/src/processor/topology.ts', 'translate'],
  ['file:///app/src/processor/task.ts', 'engine'],
  ['file:///app/src/kafka/wire/record-batch-encoder.ts', 'codec'],
  ['file:///app/node_modules/lz4-napi/index.js', 'codec'],
  ['file:///app/src/kafka/kafkajs-session.ts', 'session'],
  ['file:///app/src/kafka/connection.ts', 'Kafka adapter'],
  ['file:///app/node_modules/kafkajs/src/protocol/encoder.js', 'kafkajs'],
  ['node:internal/modules/esm/loader', 'start-up'],
  ['file:///app/src/sink/delivery.ts', 'sink'],
  ['file:///app/node_modules/undici/lib/dispatcher/client-h1.js', 'HTTP'],
  ['node:buffer', 'Node'],
  ['file:///app/bench/child.ts', 'benchmark'],
  ['file:///app/node_modules/zod/index.js', 'other'],
  ['', 'native'],
])('time of %s belongs to %s', (url, area) => {
  expect(areaPercents(selfTimes(profileOf([frame('f', url), 1_000])))).toStrictEqual([[area, 100]])
})

test('a profile without a busy sample has no rows', () => {
  expect(selfTimes(profileOf([frame('(idle)'), 1_000]))).toStrictEqual([])
  expect(areaPercents([])).toStrictEqual([])
})
