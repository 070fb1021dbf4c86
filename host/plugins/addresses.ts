import { kindOfAddress } from '#host/network/address-kind.ts'

/** Why a plugin may not be fetched from this address; `undefined` when it may. */
export function refusalOfAddress(address: string, allowsPrivate: boolean): string | undefined {
  const kind = kindOfAddress(address)
  if (kind === 'local')
    return `${address} is a link-local or metadata address, which is never allowed`
  if (kind === 'private' && !allowsPrivate) {
    return `${address} is a private address; option plugins.download.privateNetworks allows those`
  }
  return undefined
}
