import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '#test/fixtures/ports.ts'

/** A mosquitto that keeps its sessions on disk, and comes back on the same port. */
export class Mosquitto {
  readonly url: string
  readonly #config: string
  #child: ChildProcess | undefined

  private constructor(url: string, config: string) {
    this.url = url
    this.#config = config
  }

  static async create(folder: string): Promise<Mosquitto> {
    const port = await freePort()
    const data = join(folder, 'mosquitto')
    await mkdir(data)
    const config = join(folder, 'mosquitto.conf')
    const lines = [
      `listener ${port} 127.0.0.1`,
      'allow_anonymous true',
      'max_queued_messages 0',
      'max_queued_bytes 0',
      'set_tcp_nodelay true',
      'persistence true',
      `persistence_location ${data}/`,
      // as root it would change to a user that cannot write there
      ...(process.getuid?.() === 0 ? ['user root'] : []),
    ]
    await writeFile(config, `${lines.join('\n')}\n`)
    return new Mosquitto(`tcp://127.0.0.1:${port}`, config)
  }

  get isRunning(): boolean {
    return this.#child !== undefined
  }

  async start(): Promise<void> {
    for (let attempt = 0; attempt < 20 && this.#child === undefined; attempt++) {
      const child = spawn('mosquitto', ['-c', this.#config], {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` },
      })
      const isRunning = await new Promise<boolean>((resolve, reject) => {
        child.once('error', reject)
        child.once('exit', () => resolve(false))
        child.stderr.on('data', (text: Buffer) => text.includes(' running') && resolve(true))
      })
      if (isRunning) this.#child = child
      else await sleep(100)
    }
    if (this.#child === undefined) throw new Error('mosquitto did not start')
  }

  /** In order: it writes down what it has. */
  async stop(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    await gone
  }
}
