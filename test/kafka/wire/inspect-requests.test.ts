import { describe, expect, test } from 'vitest'
import { createByteReader } from '../../../src/kafka/wire/byte-reader.ts'
import { createByteWriter, type ByteWriter } from '../../../src/kafka/wire/byte-writer.ts'
import { brokerAbilities, describeGroup, metadata, setTopicSettings } from '../../../src/kafka/wire/inspect-requests.ts'
import type { Request } from '../../../src/kafka/wire/request.ts'

const decoded = <Answer>(request: Request<Answer>, answer: ByteWriter): Answer =>
  request.decode(createByteReader(answer.finish()))

const facts = (request: Request<unknown>) => [request.apiKey, request.apiVersion, request.encode().toString('hex')]

describe('Metadata', () => {
  test('asks for the named topics and what we may do with them, and creates none', () => {
    expect(facts(metadata(['ab']))).toEqual([3, 8, '0000000100026162000001'])
  })

  test('tells brokers and topics; partitions by number, whatever their order', () => {
    const answer = createByteWriter().int32(0).int32(1).int32(7).string('kafka').int32(9092).string(null)
    answer.string('cluster').int32(7).int32(2)
    answer.int16(0).string('t').int8(0).int32(2)
    answer.int16(5).int32(1).int32(-1).int32(3).int32(2).int32(7).int32(8).int32(0).int32(1).int32(8)
    answer.int16(0).int32(0).int32(7).int32(3).int32(1).int32(7).int32(1).int32(7).int32(0)
    answer.int32((1 << 3) | (1 << 8) | (1 << 10))
    answer
      .int16(29)
      .string('denied')
      .int8(0)
      .int32(0)
      .int32(-(2 ** 31))
      .int32(0)
    expect(decoded(metadata(['t', 'denied']), answer)).toEqual({
      brokers: [{ id: '7', address: 'kafka:9092' }],
      topics: [
        {
          code: 0,
          name: 't',
          partitions: [
            { leader: 7, replicas: 1, inSync: 1 },
            { leader: -1, replicas: 2, inSync: 0 },
          ],
          operations: new Set(['Read', 'Describe', 'DescribeConfigs']),
        },
        { code: 29, name: 'denied', partitions: [], operations: new Set() },
      ],
    })
  })
})

describe('DescribeGroups', () => {
  test('asks for one group and what we may do with it', () => {
    expect(facts(describeGroup('g'))).toEqual([15, 3, '0000000100016701'])
  })

  test('tells members and what they read; a subscription that is none of a consumer reads nothing', () => {
    const subscription = createByteWriter().int16(0).int32(2).string('a').string('b').int32(-1).finish()
    const answer = createByteWriter().int32(0).int32(1)
    answer.int16(0).string('g').string('Stable').string('consumer').string('range').int32(2)
    answer.string('m1').string('client').string('/10.0.0.1')
    answer.int32(subscription.length).raw(subscription).int32(-1)
    answer
      .string('m2')
      .string('other')
      .string('/10.0.0.2')
      .int32(1)
      .int8(7)
      .int32(0)
      .int32(1 << 3)
    expect(decoded(describeGroup('g'), answer)).toEqual({
      code: 0,
      state: 'Stable',
      assignor: 'range',
      members: [
        { clientId: 'client', host: '/10.0.0.1', topics: ['a', 'b'] },
        { clientId: 'other', host: '/10.0.0.2', topics: [] },
      ],
      operations: new Set(['Read']),
    })
  })

  test('an answer without the group is refused', () => {
    expect(() => decoded(describeGroup('g'), createByteWriter().int32(0).int32(0))).toThrow(RangeError)
  })
})

const features = (first: number, second: number): Buffer =>
  createByteWriter().unsignedVarint(2).compactString('metadata.version').int16(first).int16(second).tags().finish()

describe('ApiVersions', () => {
  test('tells what a broker can do and what the cluster has enabled', () => {
    const [supported, enabled] = [features(7, 27), features(25, 7)]
    const answer = createByteWriter().int16(0).unsignedVarint(1).int32(0).unsignedVarint(2)
    answer.unsignedVarint(0).unsignedVarint(supported.length).raw(supported)
    answer.unsignedVarint(2).unsignedVarint(enabled.length).raw(enabled)
    expect(decoded(brokerAbilities(), answer)).toEqual({
      supported: { 'metadata.version': 27 },
      enabled: { 'metadata.version': 25 },
    })
  })

  test('a broker that does not know the request tells nothing', () => {
    const answer = createByteWriter().int16(35).int32(0)
    expect(decoded(brokerAbilities(), answer)).toEqual({ supported: {}, enabled: {} })
  })
})

describe('IncrementalAlterConfigs', () => {
  test('sets the named settings of one topic', () => {
    const request = setTopicSettings('t', { 'a.b': '1', c: '' })
    expect(facts(request)).toEqual([44, 0, '0000000102000174000000020003612e620000013100016300000000'])
  })

  test('tells the error code and what Kafka says', () => {
    const answer = createByteWriter().int32(0).int32(1).int16(40).string('no').int8(2).string('t')
    expect(decoded(setTopicSettings('t', {}), answer)).toEqual({ code: 40, message: 'no' })
    expect(() => decoded(setTopicSettings('t', {}), createByteWriter().int32(0).int32(0))).toThrow(RangeError)
  })
})
