import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { tarballOf } from './tarball.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const sdk = path.join(root, 'sdk')

/** Where the compiler lies, for projects that bring none. */
export function compilerFile(): string {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json')
  return path.join(path.dirname(manifest), 'bin', 'tsc')
}

/**
 * Builds the SDK as npm takes it: JavaScript and declarations, since Node strips no types below `node_modules`.
 *
 * @returns the tarball's path in `folder`
 */
export async function buildSdk(folder: string): Promise<string> {
  const manifest = JSON.parse(await readFile(path.join(sdk, 'package.json'), 'utf8')) as Manifest
  const files = new Map<string, string | Uint8Array>()
  for (const [name, text] of await compiled()) files.set(`dist/${name}`, text)
  files.set('package.json', JSON.stringify(published(manifest), undefined, 2))
  files.set('manifest.schema.json', await readFile(path.join(sdk, 'manifest.schema.json')))
  files.set('LICENSE', await readFile(path.join(root, 'LICENSE')))
  const file = path.join(folder, `plutino-sdk-${manifest.version}.tgz`)
  await mkdir(folder, { recursive: true })
  await writeFile(`${file}.part`, await tarballOf(files))
  await rename(`${file}.part`, file)
  return file
}

interface Manifest {
  readonly version: string
  readonly exports: Readonly<Record<string, string>>
}

function published({ exports, ...manifest }: Manifest): object {
  const targets = Object.entries(exports).map(([name, file]) => {
    const base = file.replace(/^\.\/src\//, './dist/').replace(/\.ts$/, '')
    return [name, { types: `${base}.d.ts`, default: `${base}.js` }]
  })
  return {
    ...manifest,
    exports: { ...Object.fromEntries(targets), './package.json': './package.json' },
  }
}

/** Every script of the SDK as JavaScript and declarations, by name. */
async function compiled(): Promise<Map<string, string>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'plutino-sdk-'))
  try {
    const config = path.join(folder, 'tsconfig.json')
    await writeFile(config, JSON.stringify(configOf(path.join(folder, 'dist'))))
    await promisify(execFile)(process.execPath, [compilerFile(), '-p', config], { cwd: root })
    const files = new Map<string, string>()
    const dist = path.join(folder, 'dist')
    for (const name of await readdir(dist, { recursive: true })) {
      if (!/\.(js|d\.ts)$/.test(name)) continue
      const text = await readFile(path.join(dist, name), 'utf8')
      files.set(name.replaceAll('\\', '/'), text.replace(RELATIVE, '$1.js$2'))
    }
    return files
  } catch (error) {
    const { stdout } = error as { stdout?: unknown }
    throw new Error(`the SDK cannot be built: ${stdout || (error as Error).message}`, {
      cause: error,
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Declarations keep the names of the sources that they import. */
const RELATIVE = /((?:from |import\()['"]\.{1,2}\/[^'"]+)\.ts(['"])/g

function configOf(outDir: string): object {
  return {
    extends: path.join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      rewriteRelativeImportExtensions: true,
      target: 'es2024',
      rootDir: path.join(sdk, 'src'),
      outDir,
      typeRoots: [path.join(root, 'node_modules', '@types')],
    },
    include: [path.join(sdk, 'src')],
  }
}
