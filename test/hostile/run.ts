import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const here = import.meta.dirname

/** What the observer saw of one attack. Letters as in the README. */
export interface Verdict {
  readonly attack: string
  readonly class: string
  readonly verdict: string
  readonly note?: string | undefined
  /** What did not work before the attack began. */
  readonly notes?: readonly string[] | undefined
  readonly leaks?: readonly string[] | undefined
  readonly effects?: readonly string[] | undefined
  readonly same?: readonly string[] | undefined
  readonly ended?: readonly string[] | undefined
  readonly neighbour?: string | undefined
  readonly output?: string | undefined
}

export interface Attack {
  readonly name: string
  readonly class: string
  readonly title: string
}

/** The attacks, by what their header comments say: none of them is imported here. */
export function listAttacks(folder = 'attacks'): readonly Attack[] {
  return readdirSync(join(here, folder))
    .filter((name) => /^\d+-.*\.[cm]js$/.test(name))
    .sort()
    .map((name) => {
      const text = readFileSync(join(here, folder, name), 'utf8')
      const head = (key: string) => new RegExp(`^// @${key} (.*)$`, 'm').exec(text)?.[1]?.trim()
      return { name, class: head('class') ?? '', title: head('title') ?? '' }
    })
}

export interface Run {
  readonly adapter: string
  /** Of the attacks. @default attacks */
  readonly folder?: string | undefined
  /** Parts of names, or classes. @default all */
  readonly only?: readonly string[] | undefined
}

/** Runs attacks, each in a host process of its own, two at a time. */
export async function runAttacks(run: Run): Promise<ReadonlyMap<string, Verdict>> {
  const { adapter, folder: attacks = 'attacks', only = [] } = run
  const folder = await mkdtemp(join(tmpdir(), 'plutino-hostile-'))
  try {
    const out = join(folder, 'verdicts.json')
    const args = [
      '--adapter',
      join(here, adapter),
      '--out',
      out,
      '--jobs',
      '2',
      '--attacks',
      join(here, attacks),
    ]
    if (only.length > 0) args.push('--only', only.join(','))
    const child = spawn(process.execPath, [join(here, 'observe/run.mjs'), ...args], {
      stdio: 'ignore',
    })
    await new Promise((resolve) => child.once('exit', resolve))
    const verdicts = JSON.parse(await readFile(out, 'utf8')) as readonly Verdict[]
    return new Map(verdicts.map((verdict) => [verdict.attack, verdict]))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const contained = new Set(['C', 'K', 'I'])

export function isContained({ verdict }: Verdict): boolean {
  return contained.has(verdict)
}

/** One line for whoever reads why a test failed. */
export function textOf({ verdict, leaks = [], effects = [], same = [], ...rest }: Verdict): string {
  const { note = '', ended = [], neighbour = '' } = rest
  return [verdict, ...leaks, ...effects, ...same, ...ended, neighbour, note].join('; ')
}
