// What a PromQL expression speaks of: metrics and labels. In: the expression. Out: names. Not a parser: it knows the words
// of the language that our rules and dashboard use, and throws at any other. Test support.

const words = new Set(
  (
    'by without on ignoring group_left group_right and or unless offset bool ' +
    'sum min max count topk avg rate increase deriv delta absent vector histogram_quantile label_replace label_values'
  ).split(' '),
)
const beforeLabels = new Set(['by', 'without', 'on', 'ignoring'])

export interface Spoken {
  readonly metrics: readonly string[]
  /** In matchers and in `by (...)`, `on (...)`. */
  readonly labels: readonly string[]
}

const closing: Readonly<Record<string, string>> = { '(': ')', '{': '}', '[': ']' }

/** `sum by (topic) (rate(a_total{job="x"}[5m]))` gives `{metrics: ['a_total'], labels: ['topic', 'job']}`. Throws for
 *  brackets that do not match, unknown words and stray characters. */
export function spokenOf(expression: string): Spoken {
  const open: string[] = []
  const metrics: string[] = []
  const labels: string[] = []
  let previous = ''
  for (const token of tokensOf(expression)) {
    if (token in closing) open.push(beforeLabels.has(previous) ? 'labels(' : token)
    else if (/^[)}\]]/.test(token)) close(open, token, expression)
    else if (/^[a-zA-Z_]/.test(token) && ['labels(', '{'].includes(open.at(-1) ?? '')) labels.push(token)
    else if (/^[a-zA-Z_]/.test(token) && !words.has(token)) metrics.push(token)
    previous = token
  }
  if (open.length > 0) throw new Error(`${open.join('')} is never closed in: ${expression}`)
  return { metrics, labels }
}

function close(open: string[], token: string, expression: string): void {
  const opened = open.pop()?.at(-1) ?? ''
  if (closing[opened] !== token) throw new Error(`${token} closes nothing in: ${expression}`)
}

const token =
  /\s*(?:(?<text>"[^"]*")|(?<duration>\d+(?:ms|[smhdwy])|\$__rate_interval)|(?<number>\d+(?:\.\d+)?)|(?<word>[a-zA-Z_:][\w:]*)|(?<mark>=~|!~|!=|==|>=|<=|[-+*/%^=<>(){}[\],]))/y

/** `a > 1` gives `a`, `>`, `1`. Throws at stray characters. */
export function tokensOf(expression: string): readonly string[] {
  const tokens: string[] = []
  token.lastIndex = 0
  const text = expression.trim()
  while (token.lastIndex < text.length) {
    const at = token.lastIndex
    const found = token.exec(text)
    if (found === null) throw new Error(`what is this? ${text.slice(at, at + 20)}`)
    tokens.push(found[0].trim())
  }
  return tokens
}
