// @title use up all that a plugin may have: timers, log lines, connections, calls. The neighbour has its own
// @class tamper
import { logOf } from './_lib.mjs'
export default async ({ probe, context }) => {
  const log = logOf(context)
  let [timers, lines] = [0, 0]
  try {
    for (; timers < 1e5; timers++) setTimeout(() => {}, 3e5)
  } catch {}
  for (; lines < 1e5; lines++) log(`line ${lines}`)
  for (let i = 0; i < 200; i++)
    context.connect?.({ host: '127.0.0.1', port: probe.tcpPort }).catch(() => {})
  for (let i = 0; i < 500; i++) context.files?.stat(`${i}`).catch(() => {})
  return { timers, lines }
}
