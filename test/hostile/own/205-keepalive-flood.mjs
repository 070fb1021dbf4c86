// @title ten million changes of a granted connection's options
// @class flood
// @grants net
// @network tcp://127.0.0.1:PORT
import net from 'node:net'
export default async ({ probe }) => {
  const socket = await new Promise((resolve, reject) => {
    const made = net.connect(probe.httpPort, '127.0.0.1', () => resolve(made))
    made.on('error', reject)
  })
  for (let i = 0; i < 1e7; i++) socket.setKeepAlive(i % 2 === 0, i % 1000)
  socket.destroy()
  return { changed: 1e7 }
}
