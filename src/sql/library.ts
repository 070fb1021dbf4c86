import { createRequire } from 'node:module'

/** A part of the tree the library gives, trusted for nothing: read it with the functions below. */
export type LibraryNode = Readonly<Record<string, unknown>>

export type LibraryAnswer =
  | { readonly tree: LibraryNode }
  /** The offset in the lowered text where the grammar gave up, if it can tell. */
  | { readonly offset: number | undefined; readonly cause: unknown }

interface Grammar {
  astify(text: string, options: { database: string; trimQuery: boolean }): unknown
}

const require = createRequire(import.meta.url)

/** Gives a lowered SELECT to the grammar of `node-sql-parser`. It is loaded with the first one: 30 ms and 8 MB. */
export function parseWithLibrary(text: string): LibraryAnswer {
  const grammar = loadGrammar()
  try {
    const tree = grammar.astify(text, { database: 'mysql', trimQuery: false })
    const single: unknown = Array.isArray(tree) && tree.length === 1 ? tree[0] : tree
    return isNode(single) ? { tree: single } : { offset: undefined, cause: single }
  } catch (cause) {
    return { offset: offsetOf(cause), cause }
  }
}

/** Node keeps what was required, so only the first call loads. */
function loadGrammar(): Grammar {
  const loaded: unknown = require('node-sql-parser/build/mysql.js')
  if (!isNode(loaded) || typeof loaded.Parser !== 'function') {
    throw new TypeError('node-sql-parser has no Parser')
  }
  return Reflect.construct(loaded.Parser, []) as Grammar
}

/** A syntax error tells where; anything else it throws does not. */
function offsetOf(cause: unknown): number | undefined {
  const location = isNode(cause) ? cause.location : undefined
  const start = isNode(location) ? location.start : undefined
  const offset = isNode(start) ? start.offset : undefined
  return typeof offset === 'number' ? offset : undefined
}

export function isNode(value: unknown): value is LibraryNode {
  return typeof value === 'object' && value !== null
}

/** Thrown when the tree has something the lowered text cannot have asked for. */
export class UnknownTree extends Error {}

export function nodeIn(value: unknown, what: string): LibraryNode {
  if (!isNode(value)) throw new UnknownTree(`no ${what}`)
  return value
}

export function listIn(value: unknown, what: string): readonly LibraryNode[] {
  if (!Array.isArray(value) || !value.every(isNode)) throw new UnknownTree(`no list of ${what}`)
  return value
}

export function textIn(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new UnknownTree(`no ${what}`)
  return value
}

/** Refuses what is set beyond the known keys: it would change the meaning unseen. */
export function onlyKeys(node: LibraryNode, known: ReadonlySet<string>): void {
  for (const [key, value] of Object.entries(node)) {
    const isSet = value !== null && value !== undefined && value !== false
    if (isSet && !known.has(key)) throw new UnknownTree(`${key} in ${String(node.type)}`)
  }
}
