import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

interface Package {
  readonly integrity?: string
  readonly dev?: boolean
  readonly devOptional?: boolean
  readonly optional?: boolean
  readonly hasInstallScript?: boolean
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Readonly<Record<string, Package>>
}
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Readonly<
  Record<string, Readonly<Record<string, string>>>
>
const installed = Object.entries(packages).filter(([path]) => path !== '')

test('every package in the lock file has an integrity hash', () => {
  expect(installed.length).toBeGreaterThan(100)
  expect(
    installed.filter(([, { integrity = '' }]) => !integrity.startsWith('sha512-')).map(([path]) => path),
  ).toStrictEqual([])
})

test.each(['dependencies', 'devDependencies', 'optionalDependencies'])('%s are pinned to exact versions', (kind) => {
  const loose = Object.entries(manifest[kind] ?? {}).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))
  expect(loose).toStrictEqual([])
})

test('no package that runs asks for a script at its installation', () => {
  const asking = installed.filter(
    ([, { hasInstallScript = false, dev = false, devOptional = false, optional = false }]) =>
      hasInstallScript && !dev && !devOptional && !optional,
  )
  expect(asking.map(([path]) => path)).toStrictEqual([])
})

const packageOf = (name: string): string => name.split('/', name.startsWith('@') ? 2 : 1).join('/')

test('what src imports is installed with the product, not for its development only', () => {
  const specifiers = globSync('src/**/*.ts').flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/(?: from |import\(|^import )'([^'.\n][^'\n]*)'/gm)].map(
      ([, name = '']) => name,
    ),
  )
  const imported = new Set(specifiers.filter((name) => !name.startsWith('node:')).map(packageOf))
  const installedWithIt = ['dependencies', 'optionalDependencies', 'peerDependencies'].flatMap((kind) =>
    Object.keys(manifest[kind] ?? {}),
  )
  expect(imported.size).toBeGreaterThan(10)
  expect([...imported].filter((name) => !installedWithIt.includes(name))).toStrictEqual([])
})
