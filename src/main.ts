#!/usr/bin/env -S node --max-semi-space-size=4 --disable-warning=TimeoutNegativeWarning
// The process: argv, signals, exit code. The only caller of process.exit. It imports nothing before it knows that this
// Node can run the rest, so that an old one gets a sentence and not a syntax error.
// The flags above: a small nursery takes 100 MB less of memory and no more CPU (bench/README.md, process), since what a
// chunk allocates dies with it; and kafkajs computes waits that lie in the past, which Node would warn of.

const [major = '0'] = process.versions.node.split('.')
if (Number(major) < 24) {
  process.stderr.write(`trackbridge needs Node.js 24 or later; this is ${process.version}.\n`)
  process.exit(1)
}

const [{ createOutput }, { createContext }, { runProgram }, { failureText, signalCodes }] = await Promise.all([
  import('./cli/output.ts'),
  import('./cli/wiring.ts'),
  import('./cli/program.ts'),
  import('./cli/failure.ts'),
])

const output = createOutput({
  stdout: process.stdout,
  stderr: process.stderr,
  onBrokenPipe: () => process.exit(0),
})

process.on('uncaughtException', (error) => {
  output.printError(failureText(error, { debug: process.argv.includes('debug') }))
  process.exit(1)
})

const interruption = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    if (interruption.signal.aborted) process.exit(signalCodes[name])
    interruption.abort(new Error(name))
  })
}

const exitCode = await runProgram(process.argv.slice(2), createContext(output, interruption.signal))
await output.flush()
process.exit(exitCode)
