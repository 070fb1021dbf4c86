import type { MakePower } from './power.ts'

/** `ctx.secrets`: asked of the host one by one, so that a worker holds what its plugins have asked for and no more. */
export const secretPower: MakePower = ({ port }) => ({
  context: {
    secrets: {
      get: async (name: unknown) => {
        if (typeof name !== 'string' || name.length > 200)
          throw new TypeError('the name of a secret: a text is wanted')
        return port.call('secrets.get', [name])
      },
    },
  },
})
