// SCRAM users of a cluster, by AlterUserScramCredentials (KIP-554), which kafkajs cannot ask for. Test support.
import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { systemClock } from '../../src/clock.ts'
import { createCluster } from '../../src/kafka/cluster.ts'
import { createKafka } from '../../src/kafka/connection.ts'
import { createByteWriter, type ByteWriter } from '../../src/kafka/wire/byte-writer.ts'
import type { Request } from '../../src/kafka/wire/request.ts'
import { silentLog } from '../../src/ops/log.ts'

export type ScramMechanism = 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

export interface ScramUser {
  readonly user: string
  readonly password: string
  readonly mechanism: ScramMechanism
}

/** Creates the user, or gives it another password. `brokers`: where the super user may connect without security. */
export async function setScramPassword(brokers: readonly string[], user: ScramUser): Promise<void> {
  const settings = { brokers, clientId: 'scram', ssl: false, compression: 'none' } as const
  const timeouts = { connectionTimeoutMs: 5_000, requestTimeoutMs: 15_000 }
  const cluster = createCluster(createKafka({ ...settings, ...timeouts }, silentLog), {
    log: silentLog,
    clock: systemClock,
    identity: { principal: () => undefined, tool: '' },
    explain: async (fault) => fault,
  })
  await cluster.open()
  try {
    await cluster.refresh()
    const code = await (await cluster.controller()).send(upsertScramUser(user))
    if (code !== 0) throw new Error(`Kafka does not take the password of ${user.user}: error ${code}`)
  } finally {
    await cluster.close()
  }
}

const iterations = 4_096
const types = { 'SCRAM-SHA-256': 1, 'SCRAM-SHA-512': 2 } as const
const digests = { 'SCRAM-SHA-256': ['sha256', 32], 'SCRAM-SHA-512': ['sha512', 64] } as const

function upsertScramUser({ user, password, mechanism }: ScramUser): Request<number> {
  const salt = randomBytes(16)
  const [digest, bytes] = digests[mechanism]
  const salted = pbkdf2Sync(password, salt, iterations, bytes, digest)
  return {
    apiKey: 51,
    apiVersion: 0,
    apiName: 'AlterUserScramCredentials',
    encode() {
      const writer = createByteWriter().tags().unsignedVarint(1).unsignedVarint(2)
      writer.compactString(user).int8(types[mechanism]).int32(iterations)
      return compactBytes(compactBytes(writer, salt), salted).tags().tags().finish()
    },
    decode(answer) {
      answer.tags()
      answer.int32()
      const [code = -1] = answer.compactArray(() => {
        answer.compactString()
        const ofUser = answer.int16()
        answer.compactString()
        answer.tags()
        return ofUser
      })
      return code
    },
  }
}

const compactBytes = (writer: ByteWriter, bytes: Buffer): ByteWriter =>
  writer.unsignedVarint(bytes.length + 1).raw(bytes)
