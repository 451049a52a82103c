// Rules of the section `schemaRegistry` that span keys (cross-checks.ts tells them with the others). In: the document with
// ${ENV} filled in, right or wrong. Out: faults.
import type { Fault } from './faults.ts'
import { keyText, valueAt, type Path } from './paths.ts'

const registry: Path = ['schemaRegistry']

/** `entries`: the paths of the destinations. */
export function registryFaults(document: unknown, entries: readonly Path[]): readonly Fault[] {
  const at = (key: string): unknown => valueAt(document, [...registry, key])
  if (valueAt(document, registry) === undefined) return [...withoutRegistry(document, entries)]
  const [username, password, file] = [at('username'), at('password'), at('passwordFile')]
  const given = [password, file].filter((value) => value !== undefined).length
  const fault = (key: string, found: string, allowed: string): readonly Fault[] => [
    { key: keyText([...registry, key]), found, allowed },
  ]
  if (given === 2) return fault('passwordFile', 'passwordFile beside password', 'password or passwordFile, not both')
  if (username === undefined && given === 1) return fault('username', 'nothing', 'text: a password is given for it')
  if (username !== undefined && given === 0)
    return fault('password', 'nothing', 'text, or a file named by passwordFile: a user name is given')
  return []
}

function withoutRegistry(document: unknown, entries: readonly Path[]): readonly Fault[] {
  const sections: readonly Path[] = [['raw'], ...entries, ['deadLetters'], ['unsupported']]
  return sections.flatMap((section) => {
    const key = [...section, 'format']
    if (valueAt(document, key) !== 'avro') return []
    return [{ key: keyText(key), found: '"avro"', allowed: 'json, unless schemaRegistry says where the schemas are' }]
  })
}
