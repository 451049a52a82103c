// Closes a test run with one plain line, "N passed, N failed, N skipped". A skipped test counts as a failed run: a broker
// test that did not run proves nothing.
import type { Reporter, TestModule } from 'vitest/node'

export const summaryReporter: Reporter = {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 }
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed' || state === 'failed') counts[state]++
        else counts.skipped++
      }
      // A file that cannot even be loaded has no tests to count.
      if (module.state() === 'failed' && module.errors().length > 0) counts.failed++
    }
    if (counts.skipped > 0) process.exitCode = 1
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
    process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed${skipped}\n`)
  },
}
