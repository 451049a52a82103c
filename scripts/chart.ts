// Renders the Helm chart with helm, for tests on machines without it. In: the chart and the values of each case. Out:
// test/deploy/chart/*.rendered.yaml, each with the digest of what it was made from. Run: node scripts/chart.ts [path of helm]
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { format } from 'prettier'

const chart = 'deploy/helm/trackbridge'
const folder = 'test/deploy/chart'

/** What is rendered: the chart as it stands, and with every switch turned on. */
export const chartCases = ['default', 'everything'] as const
export type ChartCase = (typeof chartCases)[number]

/** The file that a rendering is kept in. */
export const renderedFile = (name: ChartCase): string => `${folder}/${name}.rendered.yaml`

/** Of all that a rendering is made from, as it stands in the rendering's first line. */
export function chartDigest(name: ChartCase): string {
  const hash = createHash('sha256')
  for (const path of [...globSync(`${chart}/**/*.*`).toSorted(), ...valuesOf(name)]) hash.update(readFileSync(path))
  return hash.digest('hex')
}

const valuesOf = (name: ChartCase): readonly string[] => globSync(`${folder}/${name}.values.yaml`)

/** What helm makes of a case. Throws what helm says. */
export function renderChart(name: ChartCase, helm: string): string {
  const values = valuesOf(name).flatMap((path) => ['--values', path])
  const args = ['template', 'bridge', chart, '--namespace', 'shop', '--kube-version', '1.34', ...values]
  return execFileSync(helm, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

if (import.meta.main) {
  const [helm = 'helm'] = process.argv.slice(2)
  execFileSync(helm, ['lint', chart], { stdio: 'inherit' })
  for (const name of chartCases) {
    const text = `# ${chartDigest(name)}: written by scripts/chart.ts; do not edit.\n${renderChart(name, helm)}`
    writeFileSync(renderedFile(name), await format(text, { parser: 'yaml', printWidth: 120, singleQuote: true }))
  }
}
