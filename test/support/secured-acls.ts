// ACLs of a secured cluster, given and taken as the rows of the product's own list. Test support.
import type { AclEntry, Admin } from 'kafkajs'
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from './kafkajs-acl-types.ts'
import type { Access } from '../../src/kafka/access.ts'
import { until } from './until.ts'
import type { SecuredCluster } from './secured-cluster.ts'

type Cluster = Pick<SecuredCluster, 'asAdmin'>

const resourceTypes = {
  Topic: AclResourceTypes.TOPIC,
  Group: AclResourceTypes.GROUP,
  TransactionalId: AclResourceTypes.TRANSACTIONAL_ID,
  Cluster: AclResourceTypes.CLUSTER,
} as const

const operations: Readonly<Record<Access['operation'], number>> = {
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Create: AclOperationTypes.CREATE,
  Delete: AclOperationTypes.DELETE,
  Alter: AclOperationTypes.ALTER,
  Describe: AclOperationTypes.DESCRIBE,
  DescribeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
  AlterConfigs: AclOperationTypes.ALTER_CONFIGS,
}

// kafkajs's numbers are enums of their own.
const entryOf = (principal: string, { resource, name, pattern, operation }: Access) =>
  ({
    principal,
    host: '*',
    resourceType: resourceTypes[resource],
    resourceName: name,
    resourcePatternType: pattern === 'prefixed' ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
    operation: operations[operation],
    permissionType: AclPermissionTypes.ALLOW,
  }) as unknown as AclEntry

/** Allows `principal` each of `rows`; resolves when the broker acts by it. */
export async function grant({ asAdmin }: Cluster, principal: string, rows: readonly Access[]): Promise<void> {
  if (rows.length === 0) return
  const acl = rows.map((row) => entryOf(principal, row))
  await asAdmin(async (admin) => {
    await admin.createAcls({ acl })
    await until(async () => (await countOf(admin, acl)) === acl.length, { describe: () => `rights of ${principal}` })
  })
}

/** Takes each of `rows` from `principal`; resolves when the broker acts by it. */
export async function revoke({ asAdmin }: Cluster, principal: string, rows: readonly Access[]): Promise<void> {
  const filters = rows.map((row) => entryOf(principal, row))
  await asAdmin(async (admin) => {
    await admin.deleteAcls({ filters })
    await until(async () => (await countOf(admin, filters)) === 0, { describe: () => `no rights of ${principal}` })
  })
}

async function countOf(admin: Admin, entries: readonly AclEntry[]): Promise<number> {
  const found = await Promise.all(entries.map((entry) => admin.describeAcls(entry)))
  return found.filter(({ resources }) => resources.length > 0).length
}
