import { type Logger, pino } from 'pino'
import type { LogLine } from '#host/cell/cell.ts'
import { LogFile } from './file.ts'
import { plainLine } from './line.ts'
import { PluginLogs } from './plugin-logs.ts'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

export interface LogOptions {
  readonly level: LogLevel
  readonly console: boolean
  readonly file: boolean
  readonly folder: string
  readonly rotateSize: number
  readonly rotateCount: number
}

/** What is missing stays as it is. */
export interface LogChange {
  readonly level?: LogLevel | undefined
  readonly console?: boolean | undefined
  readonly file?: boolean | undefined
}

/** The server's log: plain lines on the console, JSON lines in `stream.log`. Rules and plugins write into it too; plugins into files of their own as well. */
export class Log {
  readonly logger: Logger
  readonly #rules: Logger
  readonly #file: LogFile
  readonly plugins: PluginLogs
  #level: LogLevel
  #toConsole: boolean
  #toFile: boolean

  constructor(options: LogOptions) {
    this.#level = options.level
    this.#toConsole = options.console
    this.#toFile = options.file
    this.#file = new LogFile({
      ...options,
      failed: (error) =>
        this.logger.error(
          `stream.log cannot be written: ${error.message}; it is tried again every 10 s`,
        ),
    })
    this.plugins = new PluginLogs({
      ...options,
      failed: (error) => this.logger.error(`logs of plugins cannot be written: ${error.message}`),
    })
    const write = (line: string) => this.#write(line)
    this.logger = pino({ level: options.level, base: null }, { write })
    this.#rules = this.logger.child({}, { level: 'debug' })
  }

  /** A line of a rule or plugin. Debug lines come only from rules that were asked for them. */
  line(line: LogLine, isAskedFor: boolean): void {
    const { level, text, rule, tenant, plugin } = line
    if (!isAskedFor && logLevels.indexOf(level) < logLevels.indexOf(this.#level)) return
    this.#rules[level]({ tenant, rule, plugin }, text)
    if (this.#toFile) this.plugins.write(line)
  }

  set({ level, console, file }: LogChange): void {
    if (level !== undefined) {
      this.#level = level
      this.logger.level = level
    }
    this.#toConsole = console ?? this.#toConsole
    this.#toFile = file ?? this.#toFile
  }

  async close(): Promise<void> {
    await Promise.all([this.#file.close(), this.plugins.close()])
  }

  #write(line: string): void {
    if (this.#toConsole) process.stderr.write(plainLine(line))
    if (this.#toFile) this.#file.write(line)
  }
}
