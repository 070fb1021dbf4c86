import { type LibraryNode, listIn, nodeIn, onlyKeys, textIn, UnknownTree } from './library.ts'

/** What `k12` and its like say: `k` a token, `d` a DISTINCT, `t` a type, `v` and `w` invisible aliases. */
export interface Mark {
  readonly letter: string
  readonly token: number
}

/** An expression as the sequence it was written in, without any precedence. `<<` is left out. */
export type Item =
  | { readonly type: 'operator'; readonly operator: string }
  | { readonly type: 'token'; readonly mark: Mark; readonly args: readonly Item[][] | undefined }
  | { readonly type: 'group'; readonly items: readonly Item[] }
  | CaseItem

export interface CaseItem {
  readonly type: 'case'
  readonly token: number
  readonly value: readonly Item[] | undefined
  readonly whens: readonly { readonly condition: Item[]; readonly result: Item[] }[]
  readonly otherwise: readonly Item[] | undefined
}

const binaryKeys = new Set(['type', 'operator', 'left', 'right', 'parentheses'])
const operandKeys = new Set(['type', 'value', 'parentheses'])
const callKeys = new Set(['type', 'name', 'args', 'parentheses'])
const caseKeys = new Set(['type', 'expr', 'args', 'parentheses'])

export function readMark(value: unknown): Mark {
  const found = /^([kdtvw])(\d+)$/.exec(textIn(value, 'name'))
  if (found === null) throw new UnknownTree(`the name ${String(value)}`)
  return { letter: found[1] ?? '', token: Number(found[2]) }
}

/**
 * Walks an expression of the library from left to right. Whatever precedence its grammar has, the order of
 * operands and operators is that of the text. Parentheses around the whole are dropped.
 */
export function flatten(node: LibraryNode): Item[] {
  const items: Item[] = []
  addContent(node, items)
  return items
}

function add(node: LibraryNode, items: Item[]): void {
  if (node.parentheses === true) items.push({ type: 'group', items: flatten(node) })
  else addContent(node, items)
}

/** A long chain leans to the left, so the left side is walked without recursion. */
function addContent(node: LibraryNode, items: Item[]): void {
  const chain: LibraryNode[] = []
  let first = node
  while (first.type === 'binary_expr' && (first === node || first.parentheses !== true)) {
    onlyKeys(first, binaryKeys)
    chain.push(first)
    first = nodeIn(first.left, 'left operand')
  }
  if (first === node) addLeaf(first, items)
  else add(first, items)
  for (const binary of chain.reverse()) {
    const operator = textIn(binary.operator, 'operator')
    if (operator !== '<<') items.push({ type: 'operator', operator })
    add(nodeIn(binary.right, 'right operand'), items)
  }
}

function addLeaf(node: LibraryNode, items: Item[]): void {
  switch (node.type) {
    case 'param':
      onlyKeys(node, operandKeys)
      items.push({ type: 'token', mark: readMark(node.value), args: undefined })
      return
    case 'function':
      onlyKeys(node, callKeys)
      items.push(readCall(node))
      return
    case 'case':
      onlyKeys(node, caseKeys)
      items.push(readCase(node))
      return
    default:
      throw new UnknownTree(`an expression of type ${String(node.type)}`)
  }
}

function readCall(node: LibraryNode): Item {
  const names = listIn(nodeIn(node.name, 'function name').name, 'names')
  const [name] = names
  if (name === undefined || names.length !== 1) throw new UnknownTree('a function name with dots')
  const args = listIn(nodeIn(node.args, 'arguments').value, 'arguments')
  return { type: 'token', mark: readMark(name.value), args: args.map(flatten) }
}

/** The value of every CASE starts with the name of its token; a searched CASE has nothing more. */
function readCase(node: LibraryNode): CaseItem {
  const [first, ...value] = flatten(nodeIn(node.expr, 'value of CASE'))
  if (first?.type !== 'token') throw new UnknownTree('a CASE without its token')
  const whens: { condition: Item[]; result: Item[] }[] = []
  let otherwise: Item[] | undefined
  for (const part of listIn(node.args, 'parts of CASE')) {
    const result = flatten(nodeIn(part.result, 'result'))
    if (part.type === 'when') {
      whens.push({ condition: flatten(nodeIn(part.cond, 'condition')), result })
    } else if (part.type === 'else' && otherwise === undefined) {
      otherwise = result
    } else {
      throw new UnknownTree(`a part of CASE of type ${String(part.type)}`)
    }
  }
  const hasValue = value.length > 0
  return {
    type: 'case',
    token: first.mark.token,
    value: hasValue ? value : undefined,
    whens,
    otherwise,
  }
}
