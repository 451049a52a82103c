// Writes docs/metrics.md, the page of every metric, from the list in src/ops/metrics.ts.
import { writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'
import { metricsPage } from '../src/ops/metrics.ts'

const path = 'docs/metrics.md'
writeFileSync(path, await format(metricsPage(), { ...(await resolveConfig(path)), parser: 'markdown' }))
