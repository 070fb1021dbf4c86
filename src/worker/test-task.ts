import type { MessagePort } from 'node:worker_threads'
import { expose, transfer } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import type { OpenParams } from './protocol.ts'
import { faultOf, type TestEvent, type TestFlows } from './test-flows.ts'

/** The task's only argument. What the plugins do is told on `events`. */
export type TestTaskMessage =
  | { readonly prime: true }
  | { readonly control: MessagePort; readonly events: MessagePort; readonly now: number }

/** What a test asks of the worker. Errors are answers: `{ fault }`. */
export interface TestWorker {
  open(flow: number, params: OpenParams): Promise<Answer>
  collect(...args: Parameters<TestFlows['collect']>): Promise<Answer>
  call(...args: Parameters<TestFlows['call']>): Promise<Answer>
  slide(...args: Parameters<TestFlows['slide']>): Promise<Answer>
  lookup(...args: Parameters<TestFlows['lookup']>): Promise<Answer>
  checkpoint(flow: number): Promise<Answer>
  close(flow: number): Promise<Answer>
  step(until: number): Promise<Answer>
}

export type Answer = { readonly ok: unknown } | { readonly fault: ReturnType<typeof faultOf> }

/** Serves a bench until the test lets go of it. */
export async function testTask(message: TestTaskMessage, flows: TestFlows): Promise<string> {
  if ('prime' in message) return 'ready'
  const { control, events, now } = message
  flows.begin(now, (event: TestEvent) =>
    events.postMessage(event, event.what === 'write' ? [event.chunk] : []),
  )
  const answered =
    <A extends readonly unknown[]>(run: (...args: A) => unknown) =>
    async (...args: A): Promise<Answer> => {
      try {
        return { ok: await run(...args) }
      } catch (error) {
        return { fault: faultOf(error) }
      }
    }
  const server: TestWorker = {
    open: answered((flow, params) => flows.open(flow, params)),
    collect: answered((flow, data, sequence) => flows.collect(flow, data, sequence)),
    call: answered((flow, args, values) => flows.call(flow, args, values)),
    slide: answered((flow, args, rows, length) => flows.slide(flow, args, rows, length)),
    lookup: answered((flow, columns, keys) => flows.lookup(flow, columns, keys)),
    checkpoint: answered((flow) => {
      const state = flows.checkpoint(flow)
      return transfer(state, [state])
    }),
    close: answered((flow) => flows.close(flow)),
    step: answered((until) => flows.step(until)),
  }
  await new Promise<void>((ended) => {
    control.once('close', () => ended())
    expose(server, nodeEndpoint(control))
  })
  events.close()
  return 'done'
}
