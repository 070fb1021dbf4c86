import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { makeProject } from '#host/authoring/new-project.ts'
import { startServer } from '#host/server.ts'
import { command, type Ended } from '#test/authoring/commands.ts'
import { makeFolder } from '#test/fixtures/folder.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

interface Block {
  readonly language: string
  readonly text: string
}

async function blocksOf(page: string): Promise<Block[]> {
  const text = await readFile(join(root, 'docs/plugins', page), 'utf8')
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(
    ([, language = '', block = '']) => ({
      language,
      text: block,
    }),
  )
}

/** A shell in which `plutino` is this one, and talks to a server of the test. */
async function makeShell(t: ExecutionContext) {
  const folder = makeFolder(t, { 'host/etc/plutino.yaml': '' })
  const bin = join(folder, 'bin')
  await mkdir(bin)
  const script = `#!/bin/sh\nexec "${process.execPath}" "${join(root, 'host/cli/main.ts')}" "$@"\n`
  await writeFile(join(bin, 'plutino'), script, { mode: 0o755 })
  let url = 'http://127.0.0.1:1'
  return {
    folder,
    async serve() {
      const base = join(folder, 'host')
      const server = await startServer({
        base,
        environment: {},
        overrides: { port: 0, consoleLog: false },
      })
      t.teardown(() => server.close())
      url = server.url
    },
    run(text: string, cwd: string): Promise<Ended> {
      const setup = `set -e; export PATH="${bin}:$PATH" PLUTINO_URL="${url}" npm_config_prefer_offline=true npm_config_audit=false npm_config_fund=false`
      return command('sh', ['-c', `${setup}\n${text}\npwd > "${folder}/where"`], cwd)
    },
  }
}

test.serial(
  '"Your first plugin in ten minutes", walked from the first block to the last',
  async (t) => {
    t.timeout(600_000)
    const shell = await makeShell(t)
    let at = shell.folder
    let output = ''
    for (const { language, text } of await blocksOf('first-plugin.md')) {
      if (text.trim() === 'plutino server') await shell.serve()
      else if (language === 'sh') {
        const ended = await shell.run(text, at)
        t.is(ended.code, 0, `${text}${ended.output}`)
        at = (await readFile(join(shell.folder, 'where'), 'utf8')).trim()
        output += ended.output
      } else {
        const [, file = ''] = /^\/\/ (\S+)\n/.exec(text) ?? []
        await mkdir(dirname(join(at, file)), { recursive: true })
        await writeFile(join(at, file), text)
      }
    }
    t.regex(output, /greet counts, also after a restart, in process/)
    t.regex(output, /greet counts, also after a restart, in the sandbox/)
    t.regex(output, /"status": "running"/)
  },
)

test.serial(
  'the tests in testing.md pass, the commands and the yaml in packing.md work',
  async (t) => {
    t.timeout(600_000)
    const shell = await makeShell(t)
    const project = join(shell.folder, 'demo')
    await makeProject({
      folder: project,
      extensions: [
        { kind: 'source', name: 'ticker' },
        { kind: 'sink', name: 'ledger' },
        { kind: 'function', name: 'turned' },
      ],
    })
    const install = await shell.run('npm install', project)
    t.is(install.code, 0, install.output)
    const blocks = (await blocksOf('testing.md')).filter(({ language }) => language === 'ts')
    t.is(blocks.length, 4)
    for (const [i, { text }] of blocks.entries())
      await writeFile(join(project, 'test', `page-${i}.test.ts`), text)
    const types = await shell.run('npm run types', project)
    t.is(types.code, 0, types.output)
    const tested = await shell.run('npm test', project)
    t.is(tested.code, 0, tested.output)
    t.regex(tested.output, /texts are turned around/)

    for (const { language, text } of await blocksOf('packing.md')) {
      if (language === 'yaml') {
        await writeFile(join(shell.folder, 'host/etc/plutino.yaml'), text)
        await shell.serve()
        const refused = await shell.run(
          'plutino plugin install target/plugins/demo@v0.1.0.zip',
          project,
        )
        t.is(refused.code, 1)
        t.regex(refused.output, /is signed by ed25519:.* plugins\.signers allows ed25519:AAEC/)
      } else {
        const ended = await shell.run(text, project)
        t.is(ended.code, 0, ended.output)
      }
    }
  },
)
