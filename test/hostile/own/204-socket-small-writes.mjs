// @title a million writes of one byte over granted connections: each may cost the host a message
// @class flood
// @grants net
// @network tcp://127.0.0.1:PORT
import net from 'node:net'
import { sleep } from './_lib.mjs'
export default async ({ probe }) => {
  const sockets = await Promise.all(
    Array.from(
      { length: 8 },
      () =>
        new Promise((resolve) => {
          const socket = net.connect(probe.httpPort, '127.0.0.1', () => resolve(socket))
          socket.on('error', () => resolve(socket))
        }),
    ),
  )
  let written = 0
  for (let i = 0; i < 125_000; i++) {
    for (const socket of sockets) {
      if (!socket.destroyed) socket.write('x')
      written++
    }
    await null
  }
  await sleep(200)
  for (const socket of sockets) socket.destroy()
  return { written }
}
