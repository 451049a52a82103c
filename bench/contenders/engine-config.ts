// The configuration of the contenders that are the product. In: a job. Out: Config with every default.
import { parseConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'
import { outputTopics, type Job } from './contender.ts'

/** Throws TB_CONFIG_INVALID when this version does not know a setting of the job. */
export function benchConfig({ brokers, rawTopic, prefix, delivery, commit, registry }: Job): Config {
  const topics = outputTopics(prefix)
  const document = {
    kafka: { brokers, prefix },
    raw: { topic: rawTopic },
    ...(registry === undefined ? {} : { schemaRegistry: { url: registry } }),
    destinations: [{ name: 'main', topic: topics.main, ...formatOf(registry) }],
    deadLetters: { topic: topics.deadLetters, ...formatOf(registry) },
    unsupported: { topic: topics.unsupported, ...formatOf(registry) },
    ...(delivery === undefined ? {} : { delivery }),
    ...(isDefault(commit) ? {} : { process: { commit } }),
  }
  return parseConfig(JSON.stringify(document), { path: 'the configuration of the benchmark', env: {} })
}

const formatOf = (registry: string | undefined) => (registry === undefined ? {} : { format: 'avro' })

// A version without group commit has no such setting, and commits per partition.
const isDefault = (commit: Job['commit']): boolean =>
  commit === undefined || (commit === 'partition' && !hasGroupCommit())

/** Whether this version can commit all partitions of a process in one transaction. */
export function hasGroupCommit(): boolean {
  try {
    benchConfig({ brokers: ['127.0.0.1:9092'], rawTopic: 'raw', prefix: 'bench', commit: 'group' })
    return true
  } catch {
    return false
  }
}
