import test from 'ava'
import { localCell } from '../fixtures/cell/cells.ts'
import { contract } from '../fixtures/cell/contract.ts'

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
