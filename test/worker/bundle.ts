import { realpath } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { processFolder } from '#test/fixtures/folder.ts'

export type Tier = 'bare' | 'sandboxed' | 'trusted'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** A worker's entry as one script in a folder of its own. */
export async function bundled(entry: string): Promise<string> {
  const folder = await realpath(processFolder())
  const outfile = path.join(folder, 'entry.mjs')
  await build({
    entryPoints: [entry],
    absWorkingDir: root,
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node26',
    minify: true,
    legalComments: 'none',
    logLevel: 'silent',
  })
  return outfile
}

export function entryOf(tier: Tier): Promise<string> {
  return bundled(path.join(root, 'src', 'worker', `${tier}.ts`))
}
