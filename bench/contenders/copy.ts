// Contender (2): the product's engine, exactly once, with the translation replaced by a copy of the value: what moving
// the records costs. The header tb-src stays, which no exactly-once output can do without.
import { openEngine } from './engine.ts'
import { outputTopics, type Open } from './contender.ts'

export const open: Open = (job) => {
  const { main: topic } = outputTopics(job.prefix)
  return openEngine(job, ({ key, value, timestamp, partition, offset }) => {
    const headers = { 'tb-src': `${job.rawTopic}:${partition}:${offset}:0` }
    return { slot: 'translated', unrouted: 0, records: [{ topic, partition, key, value, timestamp, headers }] }
  })
}
