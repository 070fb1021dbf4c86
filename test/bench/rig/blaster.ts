import { fork } from 'node:child_process'
import { once } from 'node:events'

/** The reference's blaster, whose process can be stopped and continued: so that what is not measured has no load. */
export interface Blaster {
  readonly port: number
  readonly url: string
  pause(): void
  resume(): void
  close(): Promise<void>
}

export async function startPausableBlaster(): Promise<Blaster> {
  const child = fork(new URL('../reference/blaster.mjs', import.meta.url), ['{}'])
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return {
    port,
    url: `tcp://127.0.0.1:${port}`,
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    close: async () => {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}
