import test from 'ava'
import { InstallError } from '#host/plugins/errors.ts'
import { serve } from '#test/fixtures/http.ts'
import { makePluginHost, packageFiles } from '#test/fixtures/plugin-host.ts'
import { zipOf } from '#test/fixtures/zip.ts'

const permissions = { network: ['tcp://db:1'], files: { folders: { input: 'read' } } }
const bytes = zipOf(packageFiles('1.0.0', { plutino: { permissions } }))

test('grants that cannot be for any package are refused before anything is downloaded', async (t) => {
  let asked = 0
  const url = await serve(t, (_, response) => {
    asked++
    response.end(bytes)
  })
  const { host } = await makePluginHost(t)
  const steps: string[] = []
  const progress = ({ step }: { step: string }) => void steps.push(step)
  const install = (grants: unknown) =>
    host.installPackage('default', { file: `${url}/a.zip`, grants }, { progress })
  for (const [grants, why] of [
    ['everything', /\/a\.zip: the body .*expected is "all", "none" or/],
    [{ netwrok: ['tcp://db:1'] }, /expected is/],
    [{ files: { input: 'data/in' } }, /files "input" must be bound to an absolute path/],
    [{ files: { input: true } }, /files "input" must be bound to an absolute path/],
  ] as const) {
    const { code } = await t.throwsAsync(install(grants), {
      instanceOf: InstallError,
      message: why,
    })
    t.is(code, 'bad-request')
  }
  t.is(asked, 0)
  t.deepEqual([...new Set(steps)], ['waiting'])
})

test('a power that the package does not ask for is refused before it is bundled', async (t) => {
  const { host, zip } = await makePluginHost(t)
  const file = zip('a.zip', packageFiles('1.0.0', { plutino: { permissions } }))
  const steps: string[] = []
  const refused = host.installPackage(
    'default',
    { file, grants: { network: ['tcp://bd:1'] } },
    { progress: ({ step }) => void steps.push(step) },
  )
  await t.throwsAsync(refused, {
    instanceOf: InstallError,
    message:
      /package "@acme\/tools" does not ask for network "tcp:\/\/bd:1"; it asks for "tcp:\/\/db:1"; did you mean "tcp:\/\/db:1"\?$/,
  })
  t.false(steps.includes('checked'))
  t.false(steps.includes('bundled'))
})
