import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { copyDependencies, createDownloadReport, parseDownload } from '../../src/demo/maven.ts'

const repository = 'https://repository.example/maven2/org/apache/kafka'

test.each([
  [
    `[INFO] Downloaded from central: ${repository}/kafka-clients/4.1.1/kafka-clients-4.1.1.jar (9.8 MB at 12 MB/s)`,
    { file: 'kafka-clients-4.1.1.jar', size: '9.8 MB' },
  ],
  [
    `Downloaded from mirror: ${repository}/kafka-clients-4.1.1.pom (512 B at 1.0 kB/s)`,
    { file: 'kafka-clients-4.1.1.pom', size: '512 B' },
  ],
  [`Downloaded from central: ${repository}/x.jar (683 kB)`, { file: 'x.jar', size: '683 kB' }],
  [`[INFO] Downloading from central: ${repository}/kafka-clients-4.1.1.jar`, undefined],
  ['Progress (1): 1.2/9.8 MB', undefined],
  ['[INFO] BUILD SUCCESS', undefined],
])('a finished download is read from Maven\'s line "%s"', (line, expected) => {
  expect(parseDownload(line)).toEqual(expected)
})

test('large files and every 50th are reported, with the count of all', () => {
  const lines: string[] = []
  const report = createDownloadReport((line) => lines.push(line))
  const downloaded = (file: string, size: string): void => {
    report(`[INFO] Downloaded from central: ${repository}/${file} (${size} at 1 MB/s)`)
  }
  report('[INFO] Scanning for projects...')
  downloaded('small.pom', '12 kB')
  downloaded('kafka-clients-4.1.1.jar', '9.8 MB')
  downloaded('lz4-java-1.8.0.jar', '683 kB')
  downloaded('kafka-raft-4.1.1.jar', '310 kB')
  for (let file = 5; file <= 51; file += 1) downloaded(`p-${file}.pom`, '900 B')
  expect(lines).toEqual([
    'downloading Kafka: kafka-clients-4.1.1.jar (9.8 MB), 2 files so far',
    'downloading Kafka: lz4-java-1.8.0.jar (683 kB), 3 files so far',
    'downloading Kafka: p-50.pom (900 B), 50 files so far',
  ])
})

/** What a Maven is asked that answers so where it may not use the network, and well where it may. */
async function askedOf(offline: string): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'trackbridge-maven-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const maven = join(folder, 'mvn')
  writeFileSync(maven, `#!/bin/sh\necho "$2" >> ${folder}/asked\nif [ "$2" = -o ]; then ${offline}; fi\n`, {
    mode: 0o755,
  })
  await copyDependencies({ maven, pom: 'pom.xml', lib: folder, env: process.env, onProgress: () => undefined })
  return readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n')
}

test.each([
  ['all is there', 'echo "[INFO] BUILD SUCCESS"', ['-o']],
  ['something is not there', 'echo "[ERROR] Cannot access central in offline mode"; exit 1', ['-o', '-f']],
  [
    'a jar is there without its pom, which Maven takes for a success',
    'echo "[WARNING] The POM for org.example:a:jar:1 is missing, no dependency information available"',
    ['-o', '-f'],
  ],
])('the network is used only where the local repository does not do: %s', async (_title, offline, asked) => {
  expect(await askedOf(offline)).toEqual(asked)
})
