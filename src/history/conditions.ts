// Which records somebody asks for: `--where type=track --where 'event=Order *'` -> conditions, and whether facts meet
// them. Pure. A condition is key=value or key!=value; several values with commas between them are alternatives; * stands
// for any text; \ before a comma or * takes its meaning. All conditions must hold.
import { TrackbridgeError } from '../errors.ts'

/** One condition, e.g. `{key: 'event', isNot: false, patterns: [/^Order .*$/s]}`. */
export interface Condition<Key extends string = string> {
  readonly key: Key
  readonly isNot: boolean
  readonly patterns: readonly RegExp[]
}

/** What is known of something, by key; undefined where it has no such thing: only `!=` holds of it. */
export type Facts<Key extends string = string> = Readonly<Partial<Record<Key, string | undefined>>>

/** `texts` as they stand on the command line; `keys` are those allowed. `option` is for messages, e.g. `--where`.
 *  TB_USAGE names the text, and what is allowed. */
export function parseConditions<const Key extends string>(
  texts: readonly string[],
  keys: readonly Key[],
  option: string,
): readonly Condition<Key>[] {
  return texts.map((text) => {
    const [, name = '', not, values] = /^\s*([a-z]+)\s*(!)?=(.*)$/s.exec(text) ?? []
    const key = keys.find((known) => known === name)
    if (key === undefined || values === undefined)
      throw new TrackbridgeError(
        'TB_USAGE',
        `${option} "${text}" is no condition; write KEY=VALUE or KEY!=VALUE, where KEY is one of ${keys.join(', ')}`,
      )
    return { key, isNot: not !== undefined, patterns: alternatives(values).map(toPattern) }
  })
}

/** Whether all conditions hold of the facts. */
export function meets<Key extends string>(conditions: readonly Condition<Key>[], facts: Facts<Key>): boolean {
  return conditions.every(({ key, isNot, patterns }) => {
    const fact = facts[key]
    return (fact !== undefined && patterns.some((pattern) => pattern.test(fact))) !== isNot
  })
}

const alternatives = (values: string): readonly string[] =>
  values.match(/(?:\\.|[^,\\]|\\$)+|(?<=,|^)(?=,|$)/gs) ?? ['']

function toPattern(value: string): RegExp {
  const source = value.replaceAll(/\\(.)|\*|[.+?^${}()|[\]\\/]/gs, (found, escaped: string | undefined) =>
    escaped === undefined ? (found === '*' ? '.*' : `\\${found}`) : `\\u{${escaped.codePointAt(0)?.toString(16)}}`,
  )
  return new RegExp(`^${source}$`, 'su')
}
