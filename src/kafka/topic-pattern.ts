// A regular expression of topics: which of those that exist it means. Pure.

/** Names that match as a whole, sorted; Kafka's own (`__consumer_offsets`) are never meant. Throws SyntaxError. */
export function matchingTopics(names: readonly string[], pattern: string): readonly string[] {
  const whole = new RegExp(`^(?:${pattern})$`, 'u')
  return names.filter((name) => !name.startsWith('__') && whole.test(name)).toSorted()
}
