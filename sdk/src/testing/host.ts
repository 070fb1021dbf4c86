import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { SandboxModule } from './bench.ts'

/** The file of the host package that runs plugins for tests. */
const ENTRY = 'host/testing/sandbox-bench.ts'

/** Whose permission model sandboxes need. */
const NODE = 26

/**
 * The host that a project can reach: package `plutino` beside it, `PLUTINO_HOME`, or the checkout that the project or the SDK
 * lies in.
 *
 * @throws Error that says how to get one
 */
export async function findHost(folder: string): Promise<SandboxModule> {
  if (Number(process.versions.node.split('.')[0]) < NODE) {
    throw new Error(
      `inSandbox needs Node ${NODE}, this is ${process.version}; run the tests by "plutino plugin test"`,
    )
  }
  const here = dirname(fileURLToPath(import.meta.url))
  const found = [
    installed(folder),
    process.env.PLUTINO_HOME,
    ...above(folder),
    ...above(here),
  ].find((root) => root !== undefined && existsSync(join(root, ENTRY)))
  if (found === undefined) {
    throw new Error(
      `inSandbox needs the host, and there is no package "plutino" beside ${folder}; run the tests by "plutino plugin test", or set PLUTINO_HOME to its folder`,
    )
  }
  return (await import(pathToFileURL(join(found, ENTRY)).href)) as SandboxModule
}

function installed(folder: string): string | undefined {
  try {
    return dirname(createRequire(join(folder, 'package.json')).resolve('plutino/package.json'))
  } catch {
    return undefined
  }
}

/** Folders above that are a checkout of the host. */
function above(folder: string): string[] {
  const found: string[] = []
  for (let at = folder; ; at = dirname(at)) {
    if (isHost(join(at, 'package.json'))) found.push(at)
    if (dirname(at) === at) return found
  }
}

function isHost(manifest: string): boolean {
  try {
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { name?: unknown }).name === 'plutino'
  } catch {
    return false
  }
}
