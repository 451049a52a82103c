// Prints the sizes of src/: largest and median file, largest and median function, share of comment lines. Functions are
// the named ones of the TypeScript syntax tree, blank and comment lines included.
import { globSync, readFileSync } from 'node:fs'
import ts from 'typescript'

interface Size {
  readonly name: string
  readonly lines: number
}

const files = globSync('src/**/*.ts').map((path) => ({ path, text: readFileSync(path, 'utf8') }))
const fileSizes = files.map(({ path, text }) => ({ name: path, lines: text.split('\n').length - 1 }))
const functionSizes = files.flatMap(({ path, text }) => functionsOf(path, text))
const codeLines = files.flatMap(({ text }) => text.split('\n').filter((line) => line.trim() !== ''))
const commentLines = codeLines.filter((line) => /^\s*(\/\/|\/?\*)/.test(line))

describe('files', fileSizes)
describe('functions', functionSizes)
console.log(`comments: ${Math.round((commentLines.length / codeLines.length) * 100)} % of ${codeLines.length} lines`)

function functionsOf(path: string, text: string): Size[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const found: Size[] = []
  const lineOf = (position: number): number => source.getLineAndCharacterOfPosition(position).line
  const visit = (node: ts.Node): void => {
    const name = nameOf(node)
    if (name !== undefined)
      found.push({ name: `${path}:${name}`, lines: lineOf(node.getEnd()) - lineOf(node.getStart()) + 1 })
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

function nameOf(node: ts.Node): string | undefined {
  if ((ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node)) && node.name) return node.name.getText()
  if (!ts.isArrowFunction(node) && !ts.isFunctionExpression(node)) return undefined
  return ts.isVariableDeclaration(node.parent) ? node.parent.name.getText() : undefined
}

function describe(what: string, sizes: readonly Size[]): void {
  const sorted = sizes.toSorted((first, second) => first.lines - second.lines)
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)]?.lines ?? 0
  const largest = sorted.at(-1)
  console.log(
    `${what}: ${sorted.length}, median ${at(0.5)} lines, p90 ${at(0.9)}, largest ${largest?.lines} (${largest?.name})`,
  )
}
