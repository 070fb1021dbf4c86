/** How stacks name a plugin's script. */
export const SCRIPT_PREFIX = 'plugin:'

const MAX_FRAMES = 10
const MAX_NAME = 80

interface Site {
  getFunctionName(): string | null
  getScriptNameOrSourceURL(): string | null
  getLineNumber(): number | null
  getColumnNumber(): number | null
}

/** Frames of plugins by error: what the language hides from plugins and engine alike. */
const frames = new WeakMap<object, string>()

/**
 * Keeps of every error's stack the frames in plugins' scripts, for `stackOf`. Plugins go on seeing none.
 *
 * @param ErrorOf the start realm's `Error`, after the intrinsics were repaired
 */
export function watchStacks(ErrorOf: ErrorConstructor): void {
  ErrorOf.prepareStackTrace = (error, sites) => {
    if (!frames.has(error)) frames.set(error, textOf(sites as readonly Site[]))
    return ''
  }
}

/** The frames of an error in plugins' scripts, the innermost first; `''`: there are none. Never throws. */
export function stackOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return ''
  try {
    const kept = frames.get(error)
    if (kept !== undefined) return kept
    const { stack } = error as { stack?: unknown } // makes the runtime look at the stack
    const known = frames.get(error)
    if (known !== undefined) return known
    return typeof stack === 'string' ? ownFrames(stack) : ''
  } catch {
    return ''
  }
}

/** Lets an error that was made of another one keep the other's frames. */
export function withStackOf<T extends Error>(made: T, original: unknown): T {
  frames.set(made, stackOf(original))
  return made
}

/** The innermost frame, as it stands behind a message: ` (plugin:acme@1.2.0/1f2e3d4c:12:3)`, or nothing. */
export function placeOf(error: unknown): string {
  const [, place] = /(plugin:[^\s()]+:\d+:\d+)\)?$/.exec(stackOf(error).split('\n')[0] ?? '') ?? []
  return place === undefined ? '' : ` (${place})`
}

/** `plugin:acme@1.2.0/1f2e3d4c`, or a name that says nothing where the host has no map. */
export function scriptUrl(plugin: {
  readonly package: string
  readonly version: string
  readonly sha256?: string | undefined
  readonly mapped?: boolean | undefined
}): string {
  if (plugin.mapped !== true) return 'script:'
  return `${SCRIPT_PREFIX}${plugin.package}@${plugin.version}/${plugin.sha256?.slice(0, 8) ?? ''}`
}

function textOf(sites: readonly Site[]): string {
  const lines: string[] = []
  for (const site of sites) {
    const script = site.getScriptNameOrSourceURL()
    if (script?.startsWith(SCRIPT_PREFIX) !== true) continue
    const place = `${script.slice(0, 200)}:${site.getLineNumber()}:${site.getColumnNumber()}`
    const name = site.getFunctionName()?.slice(0, MAX_NAME)
    lines.push(name ? `    at ${name} (${place})` : `    at ${place}`)
    if (lines.length === MAX_FRAMES) break
  }
  return lines.join('\n')
}

/** In the trusted tier stacks are Node's own. */
function ownFrames(stack: string): string {
  const lines = stack.split('\n').filter((line) => line.includes(SCRIPT_PREFIX))
  return lines.slice(0, MAX_FRAMES).join('\n')
}
