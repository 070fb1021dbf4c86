import { resolve } from 'node:path'
import type { GrantsBody } from './grant-flags.ts'

/** One power that a plugin asks for. */
export interface Ask {
  readonly power: string
  readonly to: string
}

/** What is shown before anything is installed, and how an answer is got. */
export interface Terminal {
  show(text: string): void
  ask(question: string): Promise<string>
}

/**
 * Asks the operator what to grant: all, some or none of it. A folder is granted by the path that it is bound to.
 *
 * @returns `undefined`: the installation was called off
 */
export async function askForGrants(
  asks: readonly Ask[],
  terminal: Terminal,
): Promise<GrantsBody | 'none' | undefined> {
  if (asks.length === 0) return 'none'
  terminal.show('It asks for:')
  for (const ask of asks)
    terminal.show(`  ${ask.power} ${ask.to}${isFolder(ask) ? ' (a folder of yours)' : ''}`)
  for (;;) {
    const answer = (await terminal.ask('Grant all, some or none of it, or quit? [a/s/n/q] ')).trim()
    switch (answer.toLowerCase()) {
      case 'a':
      case 'all':
        return await chosen(asks.filter(isFolder), { all: true }, terminal)
      case 's':
      case 'some':
        return await chosen(asks, {}, terminal)
      case 'n':
      case 'none':
        return 'none'
      case 'q':
      case 'quit':
        return undefined
      default:
        terminal.show('Please answer a, s, n or q.')
    }
  }
}

async function chosen(
  asks: readonly Ask[],
  start: GrantsBody,
  terminal: Terminal,
): Promise<GrantsBody | 'none'> {
  let body = start
  for (const ask of asks) {
    const { power, to } = ask
    if (isFolder(ask)) {
      const path = (await terminal.ask(`Path for the folder "${to}" (empty: not granted): `)).trim()
      if (path !== '') body = { ...body, files: { ...body.files, [to]: resolve(path) } }
      continue
    }
    const answer = (await terminal.ask(`Grant ${power} ${to}? [y/N] `)).trim().toLowerCase()
    if (answer !== 'y' && answer !== 'yes') continue
    if (power === 'files') body = { ...body, files: { ...body.files, [to]: true } }
    if (power === 'network') body = { ...body, network: [...(body.network ?? []), to] }
    if (power === 'secrets') body = { ...body, secrets: [...(body.secrets ?? []), to] }
  }
  return Object.keys(body).length === 0 ? 'none' : body
}

function isFolder({ power, to }: Ask): boolean {
  return power === 'files' && to !== 'private'
}
