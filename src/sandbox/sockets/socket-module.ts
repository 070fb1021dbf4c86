import type { Harden } from '../context.ts'
import { bytesOf } from '../wrap-text.ts'
import type { SocketLinks } from './socket-links.ts'
import { readTarget, readTls, readUpgrade } from './socket-options.ts'

export interface SocketModuleOptions {
  readonly links: SocketLinks
  readonly harden: Harden
  failed(error: unknown): void
}

type Told = (event: string, detail?: unknown) => unknown

/**
 * `plutino:sockets`, on which what stands for `net` and `tls` is built: `connect(options, told)` gives a handle at once;
 * `told` hears of `open`, `data`, `end`, `drain`, `secure` and `close`.
 */
export function socketModule({ links, harden, failed }: SocketModuleOptions): object {
  return harden({
    connect(wanted: unknown, told: unknown): object {
      if (typeof told !== 'function') throw new TypeError('connect: a function is wanted')
      const target = { ...readTarget(wanted), upgrade: readUpgrade(wanted) }
      let listener = told as Told
      const tell = (event: string, detail?: unknown) => {
        try {
          listener(event, detail)
        } catch (error) {
          failed(error)
        }
      }
      const link = links.make({
        data: (bytes) => tell('data', bytes),
        ended: () => tell('end'),
        drained: () => tell('drain'),
        closed: (error) => tell('close', error),
      })
      void link.open(target, (facts) => tell('open', harden(facts)))
      return harden({
        /** @returns false: wait for `drain` */
        write: (data: unknown) => link.write(bytesOf(data)),
        taken: (bytes: unknown) => link.taken(countOf(bytes)),
        end(done: unknown): void {
          if (typeof done !== 'function') throw new TypeError('end: a function is wanted')
          link.end(() => {
            try {
              done()
            } catch (error) {
              failed(error)
            }
          })
        },
        close: () => link.close(),
        keepAlive: (isOn: unknown, delayMs: unknown) =>
          link.keepAlive(isOn === true, Math.min(countOf(delayMs), 7_200_000)),
        /** TLS from here on; `heard` takes the place of the listener. */
        secure(wishes: unknown, heard: unknown): void {
          if (typeof heard !== 'function') throw new TypeError('secure: a function is wanted')
          const copy = readTls(wishes)
          listener = heard as Told
          link
            .secure(copy, (facts) => tell('secure', harden(facts)))
            .catch((error: unknown) => link.gone(error as Error))
        },
      })
    },
  })
}

function countOf(value: unknown): number {
  const count = Math.floor(Number(value))
  return Number.isSafeInteger(count) && count > 0 ? count : 0
}
