// What a Kafka node finds in its log folder when it starts for the first time. "Formatting" that folder is two small
// files, which kafka-storage.sh would take more than a second to write.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TrackbridgeError } from '../errors.ts'

export interface StorageIdentity {
  /** 22 characters of base64url, the same for all nodes of a cluster. */
  readonly clusterId: string
  readonly nodeId: number
  /** Of the broker that will run: `4.1.1`. */
  readonly kafkaVersion: string
}

// By major and minor version: the checkpoint holds the feature levels and names neither cluster nor node. As StorageTool
// of that version writes it; 4.1: metadata 4.1-IV1 with transaction version 2, 3.9: metadata 3.9-IV0, transactions of old.
const bootstrapCheckpoints: Readonly<Record<string, string>> = {
  '4.1':
    'AAAAAAAAAAAAAABHAAAAAALcQL4aACAAAAAAAAABof9JVRgAAAGh/0lVGP//////////////////AAAAASoAAAAIAAAAAxYAAAAAAAAAAAAAAAAA' +
    'AAAAAAAAAQAAALkAAAAAAtCppHgAAAAAAAMAAAGh/0lVZQAAAaH/SVVl//////////////////8AAAAEOgAAAAEuAQwAEW1ldGFkYXRhLnZlcnNp' +
    'b24AGwAAWgAAAgFOAQwAIWVsaWdpYmxlLmxlYWRlci5yZXBsaWNhcy52ZXJzaW9uAAEAADQAAAQBKAEMAA5ncm91cC52ZXJzaW9uAAEAAEAAAAYB' +
    'NAEMABR0cmFuc2FjdGlvbi52ZXJzaW9uAAIAAAAAAAAAAAAFAAAAPwAAAAACliNW1wAgAAAAAAAAAaH/SVVpAAABof9JVWn/////////////////' +
    '/wAAAAEaAAAACAAAAAQGAAAAAA==',
  '3.9':
    'AAAAAAAAAAAAAABHAAAAAAJNR9iMACAAAAAAAAABogCIJ9IAAAGiAIgn0v//////////////////AAAAASoAAAAIAAAAAxYAAAAAAAAAAAAAAAAA' +
    'AAAAAAAAAQAAAE8AAAAAAin1zpwAAAAAAAAAAAGiAIgn/AAAAaIAiCf8//////////////////8AAAABOgAAAAEuAQwAEW1ldGFkYXRhLnZlcnNp' +
    'b24AFQAAAAAAAAAAAAIAAAA/AAAAAAKOyshNACAAAAAAAAABogCIJ/0AAAGiAIgn/f//////////////////AAAAARoAAAAIAAAABAYAAAAA',
}

/** Writes the two files. Throws TB_BUG for a version whose feature levels are not known here. */
export async function formatStorage(
  folder: string,
  { clusterId, nodeId, kafkaVersion }: StorageIdentity,
): Promise<void> {
  const checkpoint = bootstrapCheckpoints[kafkaVersion.split('.').slice(0, 2).join('.')]
  if (checkpoint === undefined) {
    const known = Object.keys(bootstrapCheckpoints).join(' and ')
    throw new TrackbridgeError('TB_BUG', `no storage format for Kafka ${kafkaVersion}; known are ${known}`)
  }
  // Node ids have one digit here; the folder's own id has 22 characters.
  const directoryId = `jkW3n-_dx_q0-QPoghvf${nodeId}g`
  const meta = { version: 1, 'cluster.id': clusterId, 'node.id': nodeId, 'directory.id': directoryId }
  const lines = Object.entries(meta).map(([name, value]) => `${name}=${value}\n`)
  await writeFile(join(folder, 'meta.properties'), lines.join(''))
  await writeFile(join(folder, 'bootstrap.checkpoint'), Buffer.from(checkpoint, 'base64'))
}
