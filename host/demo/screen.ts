import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** What the demo shows: coloured on a terminal, plain without one. */
export class Screen {
  readonly #started = performance.now()

  /** What is done next. */
  step(text: string): void {
    this.#print(`\n${paint('bold', text)}`)
  }

  /** A call that the reader could make. */
  call(text: string): void {
    this.#print(paint('dim', `  ${text}`))
  }

  /** A row that came out of a rule. */
  row(rule: string, style: Style, text: string): void {
    const seconds = ((performance.now() - this.#started) / 1000).toFixed(1).padStart(5)
    this.#print(`  ${paint('dim', seconds)}  ${paint(style, rule.padEnd(9))} ${text}`)
  }

  /** Something that went wrong on purpose, and how it went on. */
  event(text: string): void {
    this.#print(paint('yellow', `  ${text}`))
  }

  line(text = ''): void {
    this.#print(text)
  }

  #print(text: string): void {
    process.stdout.write(`${text}\n`)
  }
}

export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout })
}

/** A readable row: `device boiler · n 20`. */
export function rowText(row: Readonly<Record<string, unknown>>): string {
  return Object.entries(row)
    .map(([name, value]) => `${name} ${textOf(value)}`)
    .join(' · ')
}

function textOf(value: unknown): string {
  if (typeof value === 'number') return String(Math.round(value * 100) / 100)
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
