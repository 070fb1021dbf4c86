import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { startServer } from '#host/server.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { serve } from '#test/fixtures/http.ts'
import { zipOf } from '#test/fixtures/zip.ts'

const page = readFileSync(new URL('../../docs/plugins/operating.md', import.meta.url), 'utf8')
const cli = fileURLToPath(new URL('../../host/cli/main.ts', import.meta.url))

interface Block {
  readonly commands: string
  /** What it has to say; `…` stands for anything. */
  readonly expected: string | undefined
}

function blocksOf(text: string): Block[] {
  return [...text.matchAll(/```sh\n([\s\S]*?)```(?:\n\n```text\n([\s\S]*?)```)?/g)].map(
    ([, commands = '', expected]) => ({ commands, expected }),
  )
}

function patternOf(expected: string): RegExp {
  const escaped = expected.trimEnd().replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${escaped.replace(/ ?… ?/g, '.*')}$`)
}

function zipOfNotes(version: string): Buffer {
  const manifest = {
    name: 'acme-notes',
    version,
    plutino: {
      sinks: { note: 'index.js' },
      functions: { mark: 'index.js' },
      permissions: { network: ['https://api.example.com'] },
    },
  }
  const script = `
    exports.Note = class { configure() {} open() {} collect() {} close() {} }
    exports.Mark = { exec: ([n]) => n }`
  return zipOf({ 'package.json': JSON.stringify(manifest), 'index.js': script })
}

function shell(script: string, folder: string): Promise<{ code: number | null; said: string }> {
  const child = spawn('bash', ['-e', '-o', 'pipefail', '-c', script], { cwd: folder })
  let said = ''
  child.stdout.on('data', (text) => {
    said += text
  })
  let complaints = ''
  child.stderr.on('data', (text) => {
    complaints += text
  })
  return new Promise((resolve) =>
    child.once('close', (code) => resolve({ code, said: code === 0 ? said : said + complaints })),
  )
}

test('every command of the page about operating plugins does what the page says', async (t) => {
  t.timeout(240_000)
  const folder = makeFolder(t, { 'etc/plutino.yaml': 'basic:\n  fileLog: true\n' })
  const server = await startServer({
    base: folder,
    environment: {},
    overrides: { port: 0, consoleLog: false },
  })
  t.teardown(() => server.close())
  const plugins = await serve(t, ({ url = '' }, response) => {
    response.end(zipOfNotes(/acme-notes-(.*)\.zip$/.exec(url)?.[1] ?? ''))
  })
  const blocks = blocksOf(page)
  t.true(blocks.length >= 8)
  for (const { commands, expected } of blocks) {
    const script = commands
      .replaceAll('https://plugins.example.com', plugins)
      .replaceAll('http://127.0.0.1:9081', server.url)
    const head = `plutino() { '${process.execPath}' '${cli}' --url '${server.url}' "$@"; }\n`
    const { code, said } = await shell(head + script, folder)
    t.is(code, 0, `${commands}${said}`)
    if (expected !== undefined) t.regex(said.trimEnd(), patternOf(expected), commands)
  }
})
