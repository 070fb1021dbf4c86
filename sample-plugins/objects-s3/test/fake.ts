import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ExecutionContext } from 'ava'

export interface Asked {
  readonly url: URL
  readonly headers: IncomingMessage['headers']
}

/** A store that does what a test wants: breaks off, refuses, takes its time. It looks at no signature. */
export class FakeStore {
  readonly objects = new Map<string, Buffer>()
  readonly asked: Asked[] = []
  /** Answers in place of the store; true: it has. */
  before: (asked: Asked, response: ServerResponse) => boolean | Promise<boolean> = () => false
  /** Ends a body after so many bytes, with the connection. */
  cutAfter: (asked: Asked) => number | undefined = () => undefined
  url = ''

  /** How often an object, or the listing (''), was asked for. */
  count(key: string): number {
    return this.asked.filter(({ url }) => keyIn(url) === key).length
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://box')
    const asked = { url, headers: request.headers }
    this.asked.push(asked)
    if (await this.before(asked, response)) return
    const key = keyIn(url)
    if (key === '') this.#list(url, response)
    else this.#get(key, asked, response)
  }

  #list({ searchParams }: URL, response: ServerResponse): void {
    const after = searchParams.get('continuation-token') ?? searchParams.get('start-after') ?? ''
    const prefix = searchParams.get('prefix') ?? ''
    const most = Number(searchParams.get('max-keys') ?? 1000)
    const keys = [...this.objects.keys()].sort().filter((key) => key > after)
    const found = keys.filter((key) => key.startsWith(prefix))
    const page = found.slice(0, most)
    const contents = page.map((key) => {
      const size = this.objects.get(key)?.length ?? 0
      return `<Contents><Key>${encodeURIComponent(key)}</Key><LastModified>2026-11-21T00:00:00.000Z</LastModified><ETag>&quot;e-${size}&quot;</ETag><Size>${size}</Size></Contents>`
    })
    const isMore = found.length > page.length
    const token = isMore ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : ''
    response.end(
      `<?xml version="1.0"?><ListBucketResult><EncodingType>url</EncodingType><IsTruncated>${isMore}</IsTruncated>${token}${contents.join('')}</ListBucketResult>`,
    )
  }

  #get(key: string, asked: Asked, response: ServerResponse): void {
    const whole = this.objects.get(key)
    if (whole === undefined) {
      refuse(response, 404, 'NoSuchKey')
      return
    }
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(asked.headers.range ?? '') ?? []
    const body = from === undefined ? whole : whole.subarray(Number(from), Number(to) + 1)
    response.writeHead(from === undefined ? 200 : 206, { 'content-length': body.length })
    const cut = this.cutAfter(asked)
    if (cut === undefined || cut >= body.length) response.end(body)
    else response.write(body.subarray(0, cut), () => response.destroy())
  }
}

export function refuse(response: ServerResponse, status: number, code: string): true {
  response.writeHead(status, { 'content-type': 'application/xml' })
  response.end(`<Error><Code>${code}</Code><Message>because</Message></Error>`)
  return true
}

function keyIn({ pathname }: URL): string {
  return decodeURIComponent(pathname).split('/').slice(2).join('/')
}

/** On a free port, gone with the test. */
export async function startFake(
  t: ExecutionContext,
  objects: Readonly<Record<string, string | Buffer>> = {},
): Promise<FakeStore> {
  const fake = new FakeStore()
  for (const [key, content] of Object.entries(objects)) fake.objects.set(key, Buffer.from(content))
  const server = createServer((request, response) => {
    fake.answer(request, response).catch((error) => response.destroy(error))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  fake.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return fake
}
