// kafkajs's numbers for ACLs, by way of the product's patched kafkajs: importing the library itself would load it unpatched.
import { createRequire } from 'node:module'
import type * as Library from 'kafkajs'
import '../../src/kafka/kafkajs.ts'

const library = createRequire(import.meta.url)('kafkajs') as typeof Library

export const { AclOperationTypes, AclPermissionTypes, AclResourceTypes } = library
/** kafkajs's own type has the wrong names. */
export const ResourcePatternTypes = { LITERAL: 3, PREFIXED: 4 } as const
