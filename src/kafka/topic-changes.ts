// Which settings of a topic in use `topics apply --alter` may change, and why not the others. Pure. Ruled by kafka.md,
// "Topics".

export interface SettingChange {
  /** As Kafka says; undefined where it does not. */
  readonly is: string | undefined
  readonly value: string
  /** Of each partition. */
  readonly copies: number
}

/** Undefined: it loses nothing. Else the reason why it is left to people, e.g. `a shorter retention deletes ...`. */
export function judgeChange(setting: string, change: SettingChange): string | undefined {
  const judge = judges[setting]
  return judge === undefined ? 'its effect on other users of the topic is not known here' : judge(change)
}

const grows = ({ is, value }: SettingChange): boolean => is !== undefined && Number(value) >= Number(is)

const judges: Readonly<Record<string, (change: SettingChange) => string | undefined>> = {
  'retention.ms': (change) =>
    change.value === '-1' || (change.is !== '-1' && grows(change))
      ? undefined
      : 'a shorter retention deletes records that others may still want',
  'min.insync.replicas': (change) => {
    if (Number(change.value) > change.copies)
      return `it has ${change.copies} of each partition: every write would be refused`
    return grows(change) ? undefined : 'fewer copies would weaken what other writers count on; more copies mend it too'
  },
  'max.message.bytes': (change) =>
    grows(change) ? undefined : 'batches that are taken today would be refused by a smaller limit',
  'message.timestamp.type': ({ value }) =>
    value === 'LogAppendTime'
      ? undefined
      : 'records would age by the time of their raw record, and old ones be deleted at once',
  'cleanup.policy': ({ value }) =>
    value.includes('compact')
      ? 'compaction deletes all but the last record of each key'
      : 'records that are older than the retention would be deleted at once',
  'compression.type': () => 'the brokers would pack every batch anew, and every consumer must know the codec',
}
