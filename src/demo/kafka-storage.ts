// What a Kafka node finds in its log folder when it starts for the first time. "Formatting" that folder is two small
// files, which kafka-storage.sh would take more than a second to write.
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { TrackbridgeError } from '../errors.ts'

export interface StorageIdentity {
  /** 22 characters of base64url, the same for all nodes of a cluster. */
  readonly clusterId: string
  readonly nodeId: number
  /** Of the broker that will run: `4.1.1`. */
  readonly kafkaVersion: string
}

// By major and minor version: the checkpoint holds the feature levels and names neither cluster nor node. As StorageTool
// of that version writes it; 4.x: the newest metadata of it with transaction version 2, 3.9: transactions of old.
const bootstrapCheckpoints: Readonly<Record<string, string>> = {
  '4.4':
    'AAAAAAAAAAAAAABHAAAAAAKN/hYfACAAAAAAAAABogGOwHAAAAGiAY7AcP//////////////////AAAAASoAAAAIAAAAAxYAAAAAAaIBjr+jAAAA' +
    'AAAAAAAAAQAAAPEAAAAAAntUe7UAAAAAAAUAAAGiAY7A8AAAAaIBjsDw//////////////////8AAAAGOgAAAAEuAQwAEW1ldGFkYXRhLnZlcnNp' +
    'b24AIQAAWgAAAgFOAQwAIWVsaWdpYmxlLmxlYWRlci5yZXBsaWNhcy52ZXJzaW9uAAEAADQAAAQBKAEMAA5ncm91cC52ZXJzaW9uAAEAADQAAAYB' +
    'KAEMAA5zaGFyZS52ZXJzaW9uAAIAADgAAAgBLAEMABBzdHJlYW1zLnZlcnNpb24AAQAAQAAACgE0AQwAFHRyYW5zYWN0aW9uLnZlcnNpb24AAgAA' +
    'AAAAAAAAAAcAAAA/AAAAAALik+tPACAAAAAAAAABogGOwP8AAAGiAY7A////////////////////AAAAARoAAAAIAAAABAYAAAAA',
  '4.1':
    'AAAAAAAAAAAAAABHAAAAAALcQL4aACAAAAAAAAABof9JVRgAAAGh/0lVGP//////////////////AAAAASoAAAAIAAAAAxYAAAAAAAAAAAAAAAAA' +
    'AAAAAAAAAQAAALkAAAAAAtCppHgAAAAAAAMAAAGh/0lVZQAAAaH/SVVl//////////////////8AAAAEOgAAAAEuAQwAEW1ldGFkYXRhLnZlcnNp' +
    'b24AGwAAWgAAAgFOAQwAIWVsaWdpYmxlLmxlYWRlci5yZXBsaWNhcy52ZXJzaW9uAAEAADQAAAQBKAEMAA5ncm91cC52ZXJzaW9uAAEAAEAAAAYB' +
    'NAEMABR0cmFuc2FjdGlvbi52ZXJzaW9uAAIAAAAAAAAAAAAFAAAAPwAAAAACliNW1wAgAAAAAAAAAaH/SVVpAAABof9JVWn/////////////////' +
    '/wAAAAEaAAAACAAAAAQGAAAAAA==',
  '4.0':
    'AAAAAAAAAAAAAABHAAAAAAIAhuWKACAAAAAAAAABogGOb5sAAAGiAY5vm///////////////////AAAAASoAAAAIAAAAAxYAAAAAAAAAAAAAAAAA' +
    'AAAAAAAAAQAAAIsAAAAAAiDaGNQAAAAAAAIAAAGiAY5v5wAAAaIBjm/n//////////////////8AAAADOgAAAAEuAQwAEW1ldGFkYXRhLnZlcnNp' +
    'b24AGQAANAAAAgEoAQwADmdyb3VwLnZlcnNpb24AAQAAQAAABAE0AQwAFHRyYW5zYWN0aW9uLnZlcnNpb24AAgAAAAAAAAAAAAQAAAA/AAAAAAJw' +
    'jyn/ACAAAAAAAAABogGOb+kAAAGiAY5v6f//////////////////AAAAARoAAAAIAAAABAYAAAAA',
  '3.9':
    'AAAAAAAAAAAAAABHAAAAAAJNR9iMACAAAAAAAAABogCIJ9IAAAGiAIgn0v//////////////////AAAAASoAAAAIAAAAAxYAAAAAAAAAAAAAAAAA' +
    'AAAAAAAAAQAAAE8AAAAAAin1zpwAAAAAAAAAAAGiAIgn/AAAAaIAiCf8//////////////////8AAAABOgAAAAEuAQwAEW1ldGFkYXRhLnZlcnNp' +
    'b24AFQAAAAAAAAAAAAIAAAA/AAAAAAKOyshNACAAAAAAAAABogCIJ/0AAAGiAIgn/f//////////////////AAAAARoAAAAIAAAABAYAAAAA',
}

// From 4.4 on the first snapshot of the cluster's own log.
const checkpointFile = (version: string): string =>
  version === '4.4' ? '__cluster_metadata-0/00000000000000000000-0000000000.checkpoint' : 'bootstrap.checkpoint'

/** Writes the two files. Throws TB_BUG for a version whose feature levels are not known here. */
export async function formatStorage(
  folder: string,
  { clusterId, nodeId, kafkaVersion }: StorageIdentity,
): Promise<void> {
  const version = kafkaVersion.split('.').slice(0, 2).join('.')
  const checkpoint = bootstrapCheckpoints[version]
  if (checkpoint === undefined) {
    const known = Object.keys(bootstrapCheckpoints).join(', ')
    throw new TrackbridgeError('TB_BUG', `no storage format for Kafka ${kafkaVersion}; known are ${known}`)
  }
  // Node ids have one digit here; the folder's own id has 22 characters.
  const directoryId = `jkW3n-_dx_q0-QPoghvf${nodeId}g`
  const meta = { version: 1, 'cluster.id': clusterId, 'node.id': nodeId, 'directory.id': directoryId }
  const lines = Object.entries(meta).map(([name, value]) => `${name}=${value}\n`)
  await writeFile(join(folder, 'meta.properties'), lines.join(''))
  const path = join(folder, checkpointFile(version))
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, Buffer.from(checkpoint, 'base64'))
}
