import type { ExecutionContext } from 'ava'
import type { Probe, ProbeCell } from '#test/fixtures/cell/probe.ts'
import { eventually } from '#test/fixtures/cell/rules.ts'

/** What a driver told its plugin when the server went, by a probe that tells once that it has begun. */
export async function lostOverRestart(
  t: ExecutionContext,
  probes: ProbeCell,
  probe: Probe,
  restart: () => Promise<void> | undefined,
): Promise<string> {
  const rule = await probes.start(probe)
  t.teardown(() => probes.stop(rule.name))
  const told = (count: number) =>
    eventually(
      () => probes.answers(rule),
      ({ length }) => length >= count,
    )
  await told(1)
  await restart()
  return String((await told(2))[1])
}

/** A plugin that was not granted the server is told by the driver what would grant it. */
export async function saysWhatIsMissing(
  t: ExecutionContext,
  probes: ProbeCell,
  { connect, port, ...probe }: Omit<Probe, 'body'> & { connect: string; port: number },
): Promise<void> {
  const answer = await probes.run(t, {
    ...probe,
    powers: { asked: [`network tcp://localhost:${port}`] },
    body: `return ${connect}.catch((error) => ({ code: error.code, message: error.message }))`,
  })
  const { code, message } = answer as Record<string, string>
  t.is(code, 'ERR_PLUGIN_DENIED')
  t.regex(message ?? '', /--grant network=tcp:\/\/localhost:\d+$/)
}
