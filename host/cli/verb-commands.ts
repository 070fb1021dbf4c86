import type { Command } from 'commander'

/** Kuiper's verbs, each with the things that it is for. */
export interface Verbs {
  readonly create: Command
  readonly show: Command
  readonly describe: Command
  readonly drop: Command
  readonly register: Command
  readonly start: Command
  readonly stop: Command
  readonly restart: Command
  readonly getstatus: Command
  readonly gettopo: Command
  readonly explain: Command
  readonly validate: Command
}
