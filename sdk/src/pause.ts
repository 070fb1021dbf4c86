/**
 * Waits so many ms, or until the signal is aborted, which it may be already: with `ctx.signal` a rule that stops waits for
 * no interval. It resolves either way, so ask `signal.aborted` before going on. No timer takes more than 2147483647 ms.
 *
 * @example
 * export class Poller implements Source {
 *   configure() {}
 *   async open({ signal, fetch }: SourceContext, consumer: Consumer) {
 *     while (!signal.aborted) {
 *       await consumer(await (await fetch('https://api.example.com/now')).bytes())
 *       await pause(60_000, signal)
 *     }
 *   }
 *   close() {}
 * }
 */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((wake) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      wake()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
}
