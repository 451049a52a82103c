// One transaction for the units of several source partitions of this process (setting `commit: group`). The producer of
// the lowest partition among them, the carrier, bears the transaction of all. So every transactional id is still that of
// a partition: whoever takes that partition over fences the carrier and settles what it has open, and the others, who
// read their offsets stable, wait for just that (docs/design.md, "Group commit").
//
// A transaction that fails is not tried again as a whole: each of its partitions goes alone, with its own producer, until
// one of its units is through. A poisoned partition so stops only itself.
import type { CommitResult } from './broker.ts'
import { partitionKey } from './kafkajs-batch.ts'
import type { Part, TransactionalProducer } from './transactional-producer.ts'

/** What it needs of a partition's producer. */
type PartProducer = Pick<TransactionalProducer, 'commit'>

export interface GroupCommit {
  /** Commits the part with those of other partitions that wait; `own` is the partition's producer. Never rejects. A
   *  failure ends the producers of all partitions that took part. */
  commit(part: Part, own: PartProducer): Promise<CommitResult>
}

interface Waiting {
  readonly part: Part
  readonly own: PartProducer
  readonly settle: (result: CommitResult) => void
}

interface State {
  /** Partitions whose last group transaction failed. */
  readonly apart: Set<string>
  waiting: Waiting[]
  running: boolean
}

/** For the partitions of one consumer group. */
export function createGroupCommit(): GroupCommit {
  const state: State = { apart: new Set(), waiting: [], running: false }
  return {
    async commit(part, own) {
      const key = partitionKey(part.source)
      if (!state.apart.has(key)) return enqueue(state, part, own)
      const result = await own.commit([part])
      if (result.ok) state.apart.delete(key)
      return result
    },
  }
}

function enqueue(state: State, part: Part, own: PartProducer): Promise<CommitResult> {
  const { promise, resolve } = Promise.withResolvers<CommitResult>()
  state.waiting.push({ part, own, settle: resolve })
  if (!state.running) void run(state)
  return promise
}

async function run(state: State): Promise<void> {
  state.running = true
  // Units that arrive while a transaction is under way make up the next one.
  for (let [first] = state.waiting; first !== undefined; [first] = state.waiting) {
    const { generation } = first.part.unit.member
    const isSame = ({ part }: Waiting): boolean => part.unit.member.generation === generation
    const together = state.waiting.filter(isSame)
    state.waiting = state.waiting.filter((waiting) => !isSame(waiting))
    const carrier = together.reduce((a, b) => (b.part.source.partition < a.part.source.partition ? b : a), first)
    const result = await carrier.own.commit(together.map(({ part }) => part))
    for (const { part, settle } of together) {
      if (!result.ok) state.apart.add(partitionKey(part.source))
      settle(together.length === 1 ? result : shared(result))
    }
  }
  state.running = false
}

// Whose record was too large, or whose topic refuses, shows when each goes alone.
function shared(result: CommitResult): CommitResult {
  if (result.ok || (result.reason !== 'too-large' && result.reason !== 'fatal')) return result
  return { ...result, reason: 'transient' }
}
