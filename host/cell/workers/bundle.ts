import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

export const tiers = ['bare', 'sandboxed', 'trusted'] as const

/** What a worker may run: no third-party code, confined plugins, or plugins with every power. */
export type Tier = (typeof tiers)[number]

/** What a bundle was made of: it is good as long as these files have these digests. */
interface Recipe {
  readonly output: string
  readonly inputs: Readonly<Record<string, string>>
}

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** Where the entry of a tier lives. */
export function entryOf(tier: Tier): string {
  return path.join(root, 'src', 'worker', `${tier}.ts`)
}

/**
 * Bundles a worker's entry into one script, which a worker loads several times faster than forty modules. Done once: the
 * script stays in `cacheFolder` for as long as none of its sources changes.
 *
 * @returns its path, without links
 */
export async function bundleEntry(entry: string, cacheFolder: string): Promise<string> {
  await mkdir(cacheFolder, { recursive: true })
  const folder = await realpath(cacheFolder)
  const name = `${path.basename(entry).replace(/\.\w+$/, '')}-${digest(entry).slice(0, 8)}`
  const recipeFile = path.join(folder, `${name}.json`)
  const known = await freshRecipe(recipeFile)
  if (known !== undefined) return path.join(folder, known.output)
  const { text, inputs } = await bundle(entry)
  const output = `${name}-${digest(text).slice(0, 16)}.mjs`
  await writeWhole(path.join(folder, output), text)
  await writeWhole(recipeFile, JSON.stringify({ output, inputs } satisfies Recipe))
  return path.join(folder, output)
}

async function bundle(
  entry: string,
): Promise<{ text: string; inputs: Readonly<Record<string, string>> }> {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node26',
    // Half the text in every worker; names kept would cost 0.7 MB each. No error's or type's name comes from its class.
    minify: true,
    legalComments: 'none',
    // CommonJS dependencies ask for Node's modules through `require`. The wait makes the pool import the script: a thread that
    // is ended while it loads an ES module by `require` takes the process with it, by an assertion of Node's.
    banner: {
      js: "import{createRequire as $require}from'node:module';const require=$require(import.meta.url);await 0;",
    },
    write: false,
    metafile: true,
    logLevel: 'silent',
  })
  const inputs: Record<string, string> = {}
  for (const file of Object.keys(metafile.inputs)) {
    inputs[file] = digest(await readFile(path.join(root, file)))
  }
  return { text: outputFiles[0]?.text ?? '', inputs }
}

/** The recipe of an earlier bundle, when nothing that went into it has changed. */
async function freshRecipe(file: string): Promise<Recipe | undefined> {
  try {
    const recipe = JSON.parse(await readFile(file, 'utf8')) as Recipe
    await readFile(path.join(path.dirname(file), recipe.output))
    const checks = Object.entries(recipe.inputs).map(
      async ([input, sum]) => digest(await readFile(path.join(root, input))) === sum,
    )
    return (await Promise.all(checks)).every(Boolean) ? recipe : undefined
  } catch {
    // Not there, not readable, or one of its sources is gone: it is made anew.
    return undefined
  }
}

/** Never half written: several processes may share the folder. */
async function writeWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomUUID()}`
  try {
    await writeFile(draft, text)
    await rename(draft, file)
  } finally {
    await rm(draft, { force: true })
  }
}

function digest(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
