// Writes the pages of docs/ that are made from the code: configuration, error codes, mapping. Run: node scripts/generate-pages.ts
import { writeFileSync } from 'node:fs'
import { format } from 'prettier'
import { configurationPage } from './pages/configuration-page.ts'
import { errorsPage } from './pages/errors-page.ts'
import { mappingPage } from './pages/mapping-page.ts'

/** File to what belongs in it, formatted as everything else is. */
export async function generatedPages(): Promise<ReadonlyMap<string, string>> {
  const pages = {
    'docs/configuration.md': configurationPage(),
    'docs/errors.md': errorsPage(),
    'docs/mapping.md': mappingPage(),
  }
  const formatted = Object.entries(pages).map(
    async ([path, text]) => [path, await format(text, { parser: 'markdown', printWidth: 120 })] as const,
  )
  return new Map(await Promise.all(formatted))
}

if (import.meta.main) for (const [path, text] of await generatedPages()) writeFileSync(path, text)
