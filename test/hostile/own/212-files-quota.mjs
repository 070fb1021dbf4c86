// @title more in the private folder than its quota: many at once, many small ones, renamed, taken back
// @class starve
// @grants fs
import { mkdir, writeFile } from 'node:fs/promises'
export default async ({ probe, context }) => {
  const quota = 1_048_576
  const { files = plainFiles(probe, mkdir, writeFile) } = context
  const piece = new Uint8Array(300_000)
  let kept = 0
  const attempt = (made, bytes) =>
    made.then(
      () => {
        kept += bytes
      },
      () => {},
    )
  await Promise.all(
    Array.from({ length: 100 }, (_, i) => attempt(files.write(`big${i}`, piece), piece.length)),
  )
  for (let i = 0; i < 300; i++) await attempt(files.append('grows', piece), piece.length)
  await Promise.all(
    Array.from({ length: 8000 }, (_, i) => attempt(files.write(`small${i}`, ''), 256)),
  )
  await Promise.all(Array.from({ length: 200 }, (_, i) => attempt(files.mkdir(`folder${i}`), 256)))
  return kept > quota ? { owned: `${kept} bytes in a folder of ${quota}` } : { kept }
}
const plainFiles = ({ dataDir }, mkdir, writeFile) => ({
  write: (name, data) => writeFile(`${dataDir}/${name}`, data),
  append: (name, data) => writeFile(`${dataDir}/${name}`, data, { flag: 'a' }),
  mkdir: (name) => mkdir(`${dataDir}/${name}`),
})
