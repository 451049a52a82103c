// The one place that loads kafkajs: patches first, then the library, then the codecs. Everything else in this folder
// takes kafkajs's values from here and its types by `import type`.
import { createRequire } from 'node:module'
import type * as Library from 'kafkajs'
import { codecsByNumber } from './codecs.ts'
import { applyPatches } from './kafkajs-patches.ts'

const load = createRequire(import.meta.url)
applyPatches()
const library = load('kafkajs') as typeof Library
Object.assign(library.CompressionCodecs, codecsByNumber)

/** kafkajs 2.2.4's values, patched. */
export const { Kafka, logLevel, CompressionTypes, ConfigResourceTypes } = library

const murmur2 = load('kafkajs/src/producer/partitioners/default/murmur2') as (key: string | Buffer) => number

/** The partition that Java's default partitioner chooses for a key among `partitions`: positive murmur2, modulo. */
export function partitionForKey(key: string | Buffer, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}
