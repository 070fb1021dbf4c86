import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Ended {
  readonly code: number | null
  readonly output: string
}

const main = fileURLToPath(new URL('../../host/cli/main.ts', import.meta.url))

/** A command in a folder, with this Node first on its path and nothing of the repository in its environment. */
export async function command(
  program: string,
  args: readonly string[],
  folder: string,
): Promise<Ended> {
  const environment = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE_|PLUTINO)/i.test(name),
  )
  const child = spawn(program, args, {
    cwd: folder,
    env: {
      ...Object.fromEntries(environment),
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => {
      output += data
    })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output }
}

/** `plutino plugin …` */
export function cli(folder: string, ...args: readonly string[]): Promise<Ended> {
  return command(process.execPath, [main, 'plugin', ...args], folder)
}
