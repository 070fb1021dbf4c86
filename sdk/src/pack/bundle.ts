import { builtinModules } from 'node:module'
import { posix, resolve } from 'node:path'
import { type BuildFailure, build, type Message, type Metafile } from 'esbuild'
import { PackError } from './errors.ts'

/** One script of a plugin with its npm dependencies. */
export interface ScriptBundle {
  readonly text: string
  /** A source map whose sources are named from the project's folder. */
  readonly map: string
  /** What went into it and who imported what. */
  readonly metafile: Metafile
  readonly warnings: readonly Message[]
}

/**
 * Bundles a script of a project. The text says nothing of where the project lies.
 *
 * @param file below the folder, as the manifest names it
 * @throws PackError `cannot-bundle` with file and line
 */
export async function bundleScript(folder: string, file: string): Promise<ScriptBundle> {
  const name = scriptName(file)
  try {
    const { outputFiles, metafile, warnings } = await build({
      entryPoints: [resolve(folder, file)],
      // Comments in the bundle name files from here: the same wherever the project lies.
      absWorkingDir: resolve(folder),
      outfile: resolve(folder, name),
      bundle: true,
      write: false,
      metafile: true,
      sourcemap: 'external',
      sourcesContent: true,
      // Of packages in CommonJS, only this form keeps what they ask of Node as something that the host understands.
      format: 'cjs',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      conditions: ['plutino', 'node', 'module'],
      target: 'es2024',
      external: ['node:*', ...builtinModules],
      define: { 'import.meta.url': '"file:///plugin/index.js"' },
      charset: 'utf8',
      logLevel: 'silent',
      logOverride: { 'direct-eval': 'warning' },
    })
    const [map, script] = ['.map', '.js'].map(
      (end) => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? '',
    )
    return {
      text: script ?? '',
      map: fromFolder(map ?? '{}', posix.dirname(name)),
      metafile,
      warnings,
    }
  } catch (error) {
    throw new PackError('cannot-bundle', `${file} cannot be bundled: ${reasonOf(error)}`, {
      cause: error,
    })
  }
}

/** The name of a script in the zip. */
export function scriptName(file: string): string {
  return file.replace(/^\.\//, '').replace(/\.[cm]?[jt]s$/, '.js')
}

/** Where a message of the bundler points to: `sources/x.ts:12:3`. */
export function placeOf({ location }: Message): string {
  return location === null ? '' : `${location.file}:${location.line}:${location.column + 1}`
}

function reasonOf(error: unknown): string {
  const { errors = [], message } = error as Partial<BuildFailure> & Error
  if (errors.length === 0) return message
  return errors.map((each) => `${placeOf(each)}: ${each.text}`.replace(/^: /, '')).join('; ')
}

/** Sources are told from the script's folder by the bundler, and from the project's by us. */
function fromFolder(text: string, folder: string): string {
  const map = JSON.parse(text) as { sources?: string[]; sourceRoot?: string }
  const sources = (map.sources ?? []).map((source) => posix.join(folder, source))
  return JSON.stringify({ ...map, sources })
}
