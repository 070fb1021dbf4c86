import { readFileSync, renameSync, writeFileSync } from 'node:fs'

/** What a test wants of a host that it cannot reach from outside; lies in a file, so that it holds over lives of the host. */
export interface Control {
  /** Added to the clock. */
  readonly clockMs: number
  /** No checkpoint can be kept. */
  readonly checkpointsFail: boolean
  /** How often the workers that run were told to end. */
  readonly workersKilled: number
}

export const calm: Control = { clockMs: 0, checkpointsFail: false, workersKilled: 0 }

export function readControl(path: string): Control {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return calm
  }
}

export function writeControl(path: string, control: Control): void {
  writeFileSync(`${path}.new`, JSON.stringify(control))
  renameSync(`${path}.new`, path)
}
