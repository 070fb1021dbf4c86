import { fork } from 'node:child_process'
import { once } from 'node:events'

/** One course of messages at a fixed rate. */
export interface Course {
  readonly kind: 'course'
  /** Published there … */
  readonly to: string
  /** … and expected here, with the same `deviceId` as first column. */
  readonly from: string
  /** Per second. */
  readonly rate: number
  readonly warmMs: number
  readonly ms: number
}

/** Delays in ms, of the messages after `warmMs`. */
export interface CourseResult {
  readonly sent: number
  readonly came: number
  readonly disorder: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
}

export type TrafficOrder =
  | Course
  | { readonly kind: 'flood'; readonly topic: string }
  | { readonly kind: 'stop' }

/** A process that publishes to a broker, and sees what comes out of it. */
export interface Traffic {
  /** As fast as the socket takes it, until `stop`. */
  flood(topic: string): void
  /** @returns how many were published in all */
  stop(): Promise<number>
  course(course: Omit<Course, 'kind'>): Promise<CourseResult>
  close(): Promise<void>
}

export async function startTraffic(port: number): Promise<Traffic> {
  const child = fork(new URL('traffic-process.ts', import.meta.url), [String(port)])
  await once(child, 'message')
  const ask = async (order: TrafficOrder): Promise<unknown> => {
    child.send(order)
    const [answer] = await once(child, 'message')
    return answer
  }
  return {
    flood: (topic) => void child.send({ kind: 'flood', topic } satisfies TrafficOrder),
    stop: async () => ((await ask({ kind: 'stop' })) as { sent: number }).sent,
    course: async (course) => (await ask({ kind: 'course', ...course })) as CourseResult,
    close: async () => {
      child.kill()
      await once(child, 'exit')
    },
  }
}
