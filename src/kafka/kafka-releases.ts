// Which Kafka a broker is, by the newest level of its feature `metadata.version`: brokers do not say their version
// otherwise. Source: MetadataVersion.java of Apache Kafka. Pure.

/** Least level of each release. */
const firstLevels = [
  [1, '3.0'],
  [2, '3.1'],
  [3, '3.2'],
  [4, '3.3'],
  [8, '3.4'],
  [9, '3.5'],
  [12, '3.6'],
  [15, '3.7'],
  [20, '3.8'],
  [21, '3.9'],
  [22, '4.0'],
  [26, '4.1'],
  [28, '4.2'],
  [30, '4.3'],
  [31, '4.4'],
] as const

const newestKnown = 33

/** `4.1`; undefined where the broker tells no level, which brokers before 3.0 and other makes do not. */
export function releaseOf(metadataVersion: number | undefined): string | undefined {
  if (metadataVersion === undefined || metadataVersion < 1) return undefined
  const release = firstLevels.findLast(([level]) => level <= metadataVersion)?.[1]
  return metadataVersion > newestKnown ? `newer than ${release}` : release
}
