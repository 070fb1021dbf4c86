import { globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const root = fileURLToPath(new URL('../..', import.meta.url))
const pages = ['*.md', 'docs/**/*.md'].flatMap((glob) => globSync(glob, { cwd: root })).sort()

function read(path: string): string {
  return readFileSync(path, 'utf8').replace(/^```[\s\S]*?^```$/gm, '')
}

/** What a heading is called in an address. */
function anchorsOf(path: string): string[] {
  const headings = [...read(path).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading)
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** Links that lead nowhere. */
function brokenIn(page: string): string[] {
  const text = read(join(root, page))
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false
    const [file = '', anchor] = target.split('#')
    const path = file === '' ? join(root, page) : join(root, dirname(page), file)
    const found = statSync(path, { throwIfNoEntry: false })
    if (found === undefined || relative(root, path).startsWith('..')) return true
    return anchor !== undefined && !anchorsOf(path).includes(anchor)
  })
}

test('no link in the docs leads nowhere', (t) => {
  t.true(pages.length >= 30)
  for (const page of pages) t.deepEqual(brokenIn(page), [], page)
})
