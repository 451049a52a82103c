// A topic plan as people read it, in the manner of tools that plan infrastructure. In: the plan, and what was done about
// it. Out: lines. Pure but for the colours, which are handed in.
import type { Difference } from '../../kafka/topic-differences.ts'
import { counted } from '../../amount-text.ts'
import type { TopicPlan } from '../../kafka/topics.ts'
import type { Output } from '../output.ts'

/** The plan as it is now, and what `apply` has done before. */
export interface TopicsResult {
  readonly plan: readonly TopicPlan[]
  readonly created: readonly string[]
  readonly altered: ReadonlyMap<string, readonly Difference[]>
}

const signs = {
  create: ['+', 'green'],
  alter: ['~', 'yellow'],
  byHand: ['!', 'yellow'],
  wrong: ['✗', 'red'],
  fine: ['=', 'gray'],
} as const

type Action = keyof typeof signs

/** What is to be done about a topic. `alter`: `apply --alter` mends all of it; `byHand`: not all of it. */
export function actionOf({ state, differences }: TopicPlan): Action {
  if (state === 'missing') return 'create'
  if (state === 'wrong') return 'wrong'
  if (differences.length === 0) return 'fine'
  return differences.every(({ change }) => change !== undefined) ? 'alter' : 'byHand'
}

/** Every topic with what differs and what becomes of it, and a last line that counts. */
export function topicsText(result: TopicsResult, paint: Output['paint']): string {
  const topics = result.plan.flatMap((topic) => {
    const [sign, style] = signs[actionOf(topic)]
    return [`${paint(style, sign)} ${headingOf(topic, result)}`, ...bodyOf(topic, result).map((line) => `    ${line}`)]
  })
  return [...topics, '', summaryOf(result)].join('\n')
}

function headingOf(topic: TopicPlan, { created, altered }: TopicsResult): string {
  if (topic.state === 'missing') return `${topic.name}: does not exist`
  if (created.includes(topic.name)) return `${topic.name}: created`
  if (altered.has(topic.name)) return `${topic.name}: changed`
  return topic.state === 'ok' ? `${topic.name}: as wanted` : topic.name
}

function bodyOf(topic: TopicPlan, { altered }: TopicsResult): readonly string[] {
  if (topic.state === 'missing') return [specText(topic), topic.command]
  const done = (altered.get(topic.name) ?? []).map(changeText)
  return [...done, ...topic.differences.flatMap(differenceLines)]
}

function specText({ wanted }: TopicPlan): string {
  const copies = wanted.replicationFactor === -1 ? "the cluster's" : String(wanted.replicationFactor)
  const settings = Object.entries(wanted.settings).map(([name, value]) => `${name} ${value}`)
  return [`partitions ${wanted.partitions}`, `replication factor ${copies}`, ...settings].join(', ')
}

const changeText = ({ subject, is, wanted }: Difference): string => `${subject}: ${is} -> ${wanted}`

function differenceLines(difference: Difference): readonly string[] {
  const { what, change, leftBecause, command } = difference
  const how =
    change === undefined
      ? [`  left to you: ${leftBecause}`, ...(command === undefined ? [] : [`  ${command}`])]
      : ['  trackbridge topics apply --alter changes it']
  return [changeText(difference), `  ${what}`, ...how]
}

function summaryOf({ plan, created, altered }: TopicsResult): string {
  const differences = plan.flatMap((topic) => topic.differences)
  const alterable = differences.filter(({ change }) => change !== undefined).length
  const counts = [
    [created.length, 'created'],
    [[...altered.values()].flat().length, 'changed'],
    [plan.filter(({ state }) => state === 'missing').length, 'to create'],
    [alterable, 'to change with --alter'],
    [differences.length - alterable, 'left to you'],
    [plan.filter(({ state }) => state === 'ok').length, 'as wanted'],
  ] as const
  const told = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
  return `${counted(plan.length, 'topic')}: ${told.join(', ')}`
}

/** The same as data. */
export function topicsJson({ plan, created, altered }: TopicsResult): unknown {
  return {
    topics: plan.map((topic) => ({
      name: topic.name,
      role: topic.role,
      state: topic.state,
      action: actionOf(topic),
      created: created.includes(topic.name),
      changed: (altered.get(topic.name) ?? []).map(({ subject, is, wanted }) => ({ subject, is, wanted })),
      details: topic.details,
      differences: topic.differences.map(({ change, leftBecause, command, ...told }) => ({
        ...told,
        alterable: change !== undefined,
        leftBecause: leftBecause ?? null,
        command: command ?? null,
      })),
      command: topic.command,
    })),
  }
}
