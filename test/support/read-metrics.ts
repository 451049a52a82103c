// The text of /metrics -> values by name and labels. Test support.

type Labels = Readonly<Record<string, string>>

interface Line {
  readonly name: string
  readonly labels: Labels
  readonly value: number
}

/** `value` gives undefined for a line that is not there; `sum` adds up all lines that bear the labels. */
export function readMetrics(text: string) {
  const lines = text.split('\n').flatMap(readLine)
  const types = Object.fromEntries([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]))
  const bearing = (name: string, labels: Labels): readonly Line[] =>
    lines.filter((line) => line.name === name && Object.entries(labels).every(([key, own]) => line.labels[key] === own))
  return {
    text,
    types,
    value: (name: string, labels: Labels = {}) => bearing(name, labels)[0]?.value,
    sum: (name: string, labels: Labels = {}) => bearing(name, labels).reduce((total, { value }) => total + value, 0),
    labels: (name: string) => bearing(name, {}).map((line) => line.labels),
  }
}

function readLine(line: string): readonly Line[] {
  const [, name, inner = '', value] = /^([a-z_]\w*)(?:\{(.*)\})? (\S+)$/i.exec(line) ?? []
  if (name === undefined) return []
  const labels = Object.fromEntries([...inner.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, own]) => [key, own]))
  return [{ name, labels, value: Number(value) }]
}
