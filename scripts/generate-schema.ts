// Writes deploy/trackbridge.schema.json, the JSON Schema of the configuration for editors. Run: node scripts/generate-schema.ts
import { writeFileSync } from 'node:fs'
import { editorSchema } from '../src/config/json-schema.ts'

const target = new URL('../deploy/trackbridge.schema.json', import.meta.url)
writeFileSync(target, `${JSON.stringify(editorSchema(), null, 2)}\n`)
