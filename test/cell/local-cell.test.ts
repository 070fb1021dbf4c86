import test from 'ava'
import { localCell } from '../fixtures/cell/cells.ts'
import { contract } from '../fixtures/cell/contract.ts'
import { eventually, keyOf, numbersRule } from '../fixtures/cell/rules.ts'

for (const [title, run] of contract) {
  test.serial(`in this process: ${title}`, async (t) => {
    const made = localCell()
    try {
      await run(t, made)
    } finally {
      await made.cell.close()
    }
  })
}

test.serial('a rule is not blamed for the silence of a host that is busy itself', async (t) => {
  const { cell } = localCell()
  await cell.deploy(numbersRule({ rule: 'a', intervalMs: 5 }))
  for (let i = 0; i < 3; i++) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1200)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const status = await cell.status(keyOf('a'))
  t.deepEqual([status?.state, status?.deaths], ['running', []])
  await cell.close()
})

test.serial('a rule can be stopped while it starts', async (t) => {
  const { cell } = localCell()
  const deploying = cell.deploy(numbersRule({ rule: 'loops at load' }))
  deploying.catch(() => {})
  await eventually(
    () => cell.status(keyOf('loops at load')),
    (status) => status?.state === 'starting',
  )
  await new Promise((resolve) => setTimeout(resolve, 150))
  await cell.stop(keyOf('loops at load'))
  await t.throwsAsync(deploying)
  const status = await cell.status(keyOf('loops at load'))
  t.deepEqual([status?.state, status?.message], ['stopped', 'canceled manually'])
  await cell.close()
})
