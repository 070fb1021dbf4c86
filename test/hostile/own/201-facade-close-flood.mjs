// @title three million connections begun and given up, without a grant: each may cost the host a message
// @class flood
import net from 'node:net'
export default async ({ probe }) => {
  let begun = 0
  for (let i = 0; i < 3e6; i++) {
    const socket = net.connect(probe.tcpPort, '127.0.0.2')
    socket.on('error', () => {})
    socket.destroy()
    begun++
  }
  return { begun }
}
