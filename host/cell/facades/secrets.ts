import { OffenceError, type Serve } from '../workers/guarded-endpoint.ts'
import type { MakeFacade } from './facade.ts'

/** Values of secrets, one by one and by name, to the package that was granted them. */
export const secretsFacade: MakeFacade = ({ powers, denied }) => ({
  methods: new Map<string, Serve>([
    [
      'secrets.get',
      ([name]) => {
        if (typeof name !== 'string') throw new OffenceError('no name of a secret')
        if (Object.hasOwn(powers.secrets, name)) return powers.secrets[name]
        if (powers.unset?.includes(name) === true)
          throw Object.assign(
            new Error(
              `secret "${name}" was granted, but the host has none of this name; write it into secrets.yaml`,
            ),
            { code: 'ENOENT' },
          )
        throw denied('secrets', name)
      },
    ],
  ]),
  close() {},
})
