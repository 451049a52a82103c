// The one place that loads kafkajs: patches first, then the library. Everything else in this folder
// takes kafkajs's values from here and its types by `import type`.
import { createRequire } from 'node:module'
import type * as Library from 'kafkajs'
import { applyPatches } from './kafkajs-patches.ts'

const load = createRequire(import.meta.url)
applyPatches()
const library = load('kafkajs') as typeof Library

/** kafkajs 2.2.4's values, patched. */
export const { Kafka, logLevel, ConfigResourceTypes } = library

const murmur2 = load('kafkajs/src/producer/partitioners/default/murmur2') as (key: string | Buffer) => number

/** The partition that Java's default partitioner chooses for a key among `partitions`: positive murmur2, modulo. */
export function partitionForKey(key: string | Buffer, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}

const Encoder = load('kafkajs/src/protocol/encoder') as { readonly prototype: object }

/** Encoded bytes in the shape that kafkajs's connections take. */
export function createEncoder(bytes: Buffer): object {
  return Object.assign(Object.create(Encoder.prototype) as object, { buf: bytes, offset: bytes.length })
}

const { createErrorFromCode } = load('kafkajs/src/protocol/error') as { createErrorFromCode: (code: number) => Error }

/** kafkajs's error for one of Kafka's error codes; kafkajs-errors.ts knows what it means to us. */
export function errorOfCode(code: number): Error {
  return createErrorFromCode(code)
}
