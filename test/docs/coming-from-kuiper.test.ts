import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { createConnection } from 'mysql2/promise'
import { startMaria } from '#test/fixtures/databases.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { serve } from '#test/fixtures/http.ts'
import { SampleHost } from '#test/fixtures/sample-host.ts'
import { until } from '#test/fixtures/until.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(join(root, 'docs/coming-from-kuiper.md'), 'utf8')
const maria = await startMaria()
const port = maria?.port ?? 0

test.after.always(() => maria?.stop())

interface Block {
  readonly language: string
  /** The file that it is, or `rule`. */
  readonly name: string
  readonly text: string
}

const blocks: Block[] = [...page.matchAll(/^```(\w+) ?(\S*)\n([\s\S]*?)^```$/gm)].map(
  ([, language = '', name = '', text = '']) => ({ language, name, text }),
)

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const login = { user: 'plug', password: 'plug', database: 'plug' }
  const db = await createConnection({ host: '127.0.0.1', port, ...login })
  const [rows] = await db.query(sql)
  await db.end()
  return rows as Record<string, unknown>[]
}

/** A project folder where `plutino` is a command and its packages are there, as after `npm install`. */
function makeProject(t: ExecutionContext): { project: string; bin: string } {
  const folder = makeFolder(t)
  const [project, bin] = [join(folder, 'sample-plugin'), join(folder, 'bin')]
  mkdirSync(project)
  mkdirSync(bin)
  writeFileSync(
    join(bin, 'plutino'),
    `#!/bin/sh\nexec "${process.execPath}" "${join(root, 'host/cli/main.ts')}" "$@"\n`,
  )
  chmodSync(join(bin, 'plutino'), 0o755)
  return { project, bin }
}

const withMaria = maria === undefined ? test.skip : test

if (maria === undefined) test('the page is not run: there is no mariadbd', (t) => t.pass())

withMaria('every block of ours on the page does what it says, in its order', async (t) => {
  t.timeout(300_000)
  await query('CREATE TABLE test (id INT AUTO_INCREMENT PRIMARY KEY, name TEXT)')
  const host = await SampleHost.start(t)
  const { project, bin } = makeProject(t)
  const web = await serve(t, (request, response) => {
    try {
      response.end(readFileSync(join(project, decodeURIComponent(request.url ?? ''))))
    } catch {
      response.writeHead(404).end()
    }
  })
  /** The addresses of the page are those of a usual installation. */
  const here = (text: string) =>
    text
      .replaceAll('http://localhost:9081', host.url)
      .replaceAll('http://localhost:8080', web)
      .replaceAll('localhost:3307', `localhost:${port}`)
      .replaceAll('user:test@', 'plug:plug@')
      .replaceAll(')/user"', ')/plug"')
  const sh = async (script: string): Promise<string> => {
    const path = `${bin}:${process.env.PATH}`
    const child = spawn('sh', ['-eu', '-c', script], {
      cwd: project,
      env: { ...process.env, PATH: path, PLUTINO_URL: host.url },
    })
    let said = ''
    child.stdout.on('data', (text) => (said += text))
    child.stderr.on('data', (text) => (said += text))
    const [code] = await once(child, 'close')
    t.is(code, 0, `${script}\n${said}`)
    return said
  }
  const ours = blocks.filter(({ language }) => !['go', 'text'].includes(language))
  const answers: string[] = []
  for (const { language, name, text } of ours) {
    if (language === 'sh' && text === 'npm install\n') {
      // no test asks a registry: the same versions are installed beside us
      symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'), 'dir')
    } else if (language === 'sh') answers.push(await sh(here(text)))
    else if (language === 'sql') await host.send('POST', '/streams', { sql: text })
    else if (name === 'rule') await host.send('POST', '/rules', JSON.parse(here(text)))
    else {
      mkdirSync(dirname(join(project, name)), { recursive: true })
      writeFileSync(join(project, name), here(text))
    }
  }
  t.is(ours.length, 12)
  t.regex(answers[0] ?? '', /sample-plugin@v1\.0\.0\.zip/)
  t.regex(answers[1] ?? '', /is created[\s\S]*asks for[\s\S]*\{"name":"mysql","version":"1\.0\.0"/)
  t.regex(answers[2] ?? '', /is updated/)
  const rows = await until(
    'the rows of both rules',
    async () => {
      const found = await query('SELECT name FROM test')
      return found.length >= 4 && found.map(({ name }) => JSON.parse(String(name))[0])
    },
    () => host.status('ruleTest'),
  )
  const find = (row: object) => rows.some((each) => JSON.stringify(each) === JSON.stringify(row))
  t.true(find({ USERID: 1, FIRST_NAME: 'Ada', ADDRESS: { NUMBER: 7 } }), JSON.stringify(rows))
  t.true(find({ words: 2 }) && find({ words: 4 }), JSON.stringify(rows))
})

test('what stands there of the seeds is ours to compare with: every step has its answer', (t) => {
  for (const [i, { language }] of blocks.entries()) {
    if (language !== 'go' && language !== 'text') continue
    const next = blocks.slice(i + 1).find((block) => !['go', 'text'].includes(block.language))
    t.not(next, undefined, blocks[i]?.text)
  }
  for (const word of [
    'gob',
    'errCh',
    'lock',
    'go mod edit -replace',
    '_build/$build/plugins',
    'docker',
  ]) {
    t.true(page.includes(word), word)
  }
})
