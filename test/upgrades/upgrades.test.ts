import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'
import { HostProcess } from '#test/fixtures/host-process.ts'
import { until } from '#test/fixtures/until.ts'
import {
  assertWhole,
  linesOf,
  type MarkedLine,
  markerZip,
  statusOf,
} from '#test/fixtures/upgrade-rules.ts'

/** More than come while a test runs, however slow the machine is: when the last one has come the rule is done. */
const ROWS = 60_000

interface Setup {
  readonly folder: string
  readonly host: HostProcess
  out(id: string): string
  /** Goes on for some rows more, then ends the rule. @returns what it has written, each row once */
  whole(id: string): Promise<readonly MarkedLine[]>
  rule(id: string, options?: object): Promise<unknown>
  put(
    version: string,
    more?: Parameters<typeof markerZip>[2] & { policy?: string },
  ): Promise<string>
}

/** A host with function `mark` 1.0.0, and a stream of `ROWS` rows, one every ms, at qos 0. */
async function start(t: ExecutionContext): Promise<Setup> {
  const folder = makeFolder(t)
  const host = await HostProcess.start(folder)
  t.teardown(() => host.kill())
  await host.send('POST', '/plugins', { file: markerZip(folder, '1.0.0') })
  const data = Array.from({ length: ROWS }, (_, i) => ({ n: i + 1 }))
  const props = { data, interval: '1ms', loop: false }
  await host.send('PUT', '/metadata/sources/simulator/confKeys/here', props)
  const sql =
    'CREATE STREAM rows (n BIGINT) WITH (DATASOURCE="x", TYPE="simulator", FORMAT="json", CONF_KEY="here")'
  await host.send('POST', '/streams', { sql })
  const out = (id: string) => join(folder, `${id}.jsonl`)
  return {
    folder,
    host,
    out,
    async whole(id) {
      const { length } = linesOf(out(id))
      await until('rows behind it', () => linesOf(out(id)).length > length + 200)
      await host.send('POST', `/rules/${id}/stop`)
      return assertWhole(t, out(id), linesOf(out(id)).length)
    },
    rule: (id, options = {}) =>
      host.send('POST', '/rules', {
        id,
        sql: 'SELECT n, mark(n) AS m FROM rows',
        actions: [{ file: { path: out(id), sendSingle: true } }],
        options,
      }),
    put: async (version, { policy, ...script } = {}) =>
      String(
        await host.send('PUT', '/plugins/acme-marker', {
          file: markerZip(folder, version, script),
          ...(policy === undefined ? {} : { policy }),
        }),
      ),
  }
}

const versionsIn = (lines: readonly { readonly version: string }[]) => [
  ...new Set(lines.map(({ version }) => version)),
]

test.serial(
  'a version whose validate throws is rolled back in the rule, and nothing is lost',
  async (t) => {
    t.timeout(300_000)
    const { host, out, rule, put, whole } = await start(t)
    await rule('r')
    await until('the first rows', () => linesOf(out('r')).length > 100)
    const answer = await put('2.0.0', { validate: "throw new Error('no such argument')" })
    t.regex(
      answer,
      /^plugin acme-marker is updated\. Rule r was rolled back to the old version: .*no such argument.*\.$/,
    )
    t.like(await statusOf(host.send.bind(host), 'r'), {
      status: 'running',
      plugins: ['function mark of acme-marker@1.0.0'],
      restarts: 0,
    })
    const { note } = await statusOf(host.send.bind(host), 'r')
    t.regex(String(note), /^an upgrade of its plugins was rolled back at .*no such argument/)
    t.like(await host.send('GET', '/plugins/functions/mark'), {
      version: '2.0.0',
      versions: ['2.0.0', '1.0.0'],
      uses: [{ version: '1.0.0', rules: ['r'] }],
    })
    t.deepEqual(versionsIn(await whole('r')), ['1.0.0'])
    const audit = await host.send('GET', '/plugins/acme-marker/audit')
    const [move] = (audit as { what: string; result: string }[]).filter(
      ({ what }) => what === 'move',
    )
    t.regex(String(move?.result), /^rolled back: .*no such argument/)
  },
)

test.serial('a sink whose open throws in its new version has its old one again', async (t) => {
  t.timeout(300_000)
  const { host, put } = await start(t)
  await host.send('POST', '/rules', {
    id: 's',
    sql: 'SELECT n FROM rows',
    actions: [{ note: {} }],
  })
  const answer = await put('2.0.0', { open: "throw new Error('no such host')" })
  t.regex(answer, /Rule s was rolled back to the old version: .*no such host/)
  t.like(await statusOf(host.send.bind(host), 's'), {
    status: 'running',
    plugins: ['sink note of acme-marker@1.0.0'],
  })
  t.is(await put('2.1.0'), 'plugin acme-marker is updated. Rules moved to it: s.')
})

test.serial(
  'the same version with other content moves rules too, and back where it fails',
  async (t) => {
    t.timeout(300_000)
    const { host, out, rule, put, whole } = await start(t)
    await rule('r')
    await until('the first rows', () => linesOf(out('r')).length > 50)
    t.regex(await put('1.0.0', { validate: "throw new Error('worse')" }), /rolled back .*worse/)
    const held = (await statusOf(host.send.bind(host), 'r')).plugins
    t.deepEqual(held, ['function mark of acme-marker@1.0.0'])
    const { versions } = (await host.send('GET', '/plugins/acme-marker')) as {
      versions: { version: string; rules: string[]; superseded?: boolean }[]
    }
    t.deepEqual(
      versions.map(({ rules, superseded }) => [rules, superseded]),
      [
        [[], undefined],
        [['r'], true],
      ],
    )
    t.regex(versions[1]?.version ?? '', /^1\.0\.0#[0-9a-f]{8}$/)
    t.is(
      await put('1.0.0', { more: '// better' }),
      'plugin acme-marker is updated. Rules moved to it: r.',
    )
    const after = (await host.send('GET', '/plugins/acme-marker')) as { versions: unknown[] }
    t.is(after.versions.length, 1)
    await whole('r')
  },
)

test.serial(
  'with policy keep rules stay, also over kill -9 of the host, until they are restarted',
  async (t) => {
    t.timeout(300_000)
    const { host, folder, rule, put } = await start(t)
    await rule('r')
    t.is(await put('2.0.0', { policy: 'keep' }), 'plugin acme-marker is updated')
    const old = ['function mark of acme-marker@1.0.0']
    t.deepEqual((await statusOf(host.send.bind(host), 'r')).plugins, old)
    await rule('later')
    await host.kill()
    const again = await HostProcess.start(folder)
    t.teardown(() => again.kill())
    const send = again.send.bind(again)
    const plugins = async (id: string) => (await statusOf(send, id)).plugins
    t.deepEqual(await plugins('r'), old)
    t.deepEqual(await plugins('later'), ['function mark of acme-marker@2.0.0'])
    const refused = await t.throwsAsync(send('DELETE', '/plugins/acme-marker?version=1.0.0'))
    t.regex(refused?.message ?? '', /409 .*function plugin \\"mark\\" is used by rule r; stop/)
    await send('POST', '/rules/r/restart')
    t.deepEqual(await plugins('r'), ['function mark of acme-marker@2.0.0'])
    t.deepEqual(await send('POST', '/plugins/prune'), { removed: [] })
    t.deepEqual(await send('POST', '/plugins/prune?all=true'), {
      removed: [{ package: 'acme-marker', version: '1.0.0' }],
    })
  },
)

test.serial(
  'a plugin that rules hold is removed only by force, which stops them with the reason',
  async (t) => {
    t.timeout(300_000)
    const { host, rule } = await start(t)
    const send = host.send.bind(host)
    await rule('r')
    for (const path of ['/plugins/functions/mark', '/plugins/acme-marker'])
      t.regex((await t.throwsAsync(send('DELETE', path)))?.message ?? '', /used by rule r; stop/)
    t.deepEqual(await send('DELETE', '/plugins/acme-marker?force=true'), {
      removed: [{ package: 'acme-marker', version: '1.0.0' }],
    })
    t.like(await statusOf(send, 'r'), {
      status: 'stopped',
      message: 'plugin acme-marker was removed',
    })
    const unknown = await t.throwsAsync(send('DELETE', '/plugins/acme-maker'))
    t.regex(unknown?.message ?? '', /404 .*package \\"acme-maker\\" is not installed/)
  },
)

test.serial(
  'two upgrades at once: both are made, and the rule ends with what came last',
  async (t) => {
    t.timeout(300_000)
    const { host, out, rule, put, whole } = await start(t)
    await rule('r')
    await until('the first rows', () => linesOf(out('r')).length > 50)
    await Promise.all([put('2.0.0'), put('3.0.0')])
    const { versions = [] } = (await host.send('GET', '/plugins/functions/mark')) as {
      versions?: string[]
    }
    t.deepEqual((await statusOf(host.send.bind(host), 'r')).plugins, [
      `function mark of acme-marker@${versions[0]}`,
    ])
    await whole('r')
  },
)

test.serial('an upgrade while the rule restarts takes it along', async (t) => {
  t.timeout(300_000)
  const { host, rule, put } = await start(t)
  const send = host.send.bind(host)
  await rule('r', { qos: 1 })
  const [, answer] = await Promise.all([send('POST', '/rules/r/restart'), put('2.0.0')])
  t.regex(answer, /Rules (moved to|restarted with|that stay as they are).*: r\.$/)
  t.like(await statusOf(send, 'r'), {
    status: 'running',
    plugins: ['function mark of acme-marker@2.0.0'],
  })
})
