import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const cli = fileURLToPath(new URL('../../host/cli/main.ts', import.meta.url))

/** A fenced block. */
export interface PageBlock {
  readonly language: string
  /** What stands behind the language. */
  readonly info: string
  readonly text: string
  /** The block right behind it, where that says what comes of it. */
  readonly expected: string | undefined
}

export interface Page {
  readonly text: string
  readonly blocks: readonly PageBlock[]
}

/** A page of the docs folder. */
export function readPage(name: string): Page {
  const text = readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')
  const found = text.matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$(?:\n\n```text\n([\s\S]*?)^```$)?/gm)
  const blocks = [...found].map(([, language = '', info = '', block = '', expected]) => {
    return { language, info, text: block, expected }
  })
  return { text, blocks }
}

/** The rows of all tables, as their cells; without the heads. */
export function tableRows({ text }: Page): string[][] {
  const rows = text.matchAll(/^\| (.*) \|$/gm)
  const cells = [...rows].map(([, row = '']) => row.replaceAll('\\|', '\0').split(' | '))
  return cells.map((row) => row.map((cell) => cell.replaceAll('\0', '|').trim()))
}

/** What stands in back-ticks in a text. */
export function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
}

/** `…` stands for anything. */
export function patternOf(expected: string): RegExp {
  const escaped = expected.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${escaped.replace(/ ?… ?/g, '[\\s\\S]*')}$`)
}

/** Runs a block in which `plutino` is this one, and talks to the server at `url`. */
export async function runBlock(
  text: string,
  { url, folder }: { readonly url: string; readonly folder: string },
): Promise<{ readonly code: number | null; readonly said: string }> {
  const head = `plutino() { '${process.execPath}' '${cli}' --url '${url}' "$@"; }\n`
  const script = head + text.replaceAll('http://127.0.0.1:9081', url)
  const child = spawn('bash', ['-e', '-o', 'pipefail', '-c', script], { cwd: folder })
  let [said, complaints] = ['', '']
  child.stdout.on('data', (part) => {
    said += part
  })
  child.stderr.on('data', (part) => {
    complaints += part
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, said: (code === 0 ? said : said + complaints).trim() }
}
