import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pack } from '@plutino/sdk/pack'

const sample = fileURLToPath(new URL('../../sample-plugins/weather-station', import.meta.url))

/** Packs the sample plugin and serves the zip on a free port of this machine, whatever path is asked for. */
export async function serveSample(folder: string): Promise<{ url: string; close(): void }> {
  const { path } = await pack(sample, { output: join(folder, 'weather-station@v1.0.0.zip') })
  const zip = await readFile(path)
  const server = http.createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/zip' }).end(zip)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/weather-station@v1.0.0.zip`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
