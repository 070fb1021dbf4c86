import { BlockList, isIP } from 'node:net'

const metadata = new BlockList()
metadata.addSubnet('169.254.0.0', 16, 'ipv4')
metadata.addSubnet('fe80::', 10, 'ipv6')
metadata.addAddress('fd00:ec2::254', 'ipv6')
metadata.addAddress('100.100.100.200', 'ipv4')

const privates = new BlockList()
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  privates.addSubnet(net, bits, 'ipv4')
}
privates.addAddress('::', 'ipv6')
privates.addAddress('::1', 'ipv6')
privates.addSubnet('fc00::', 7, 'ipv6')

/** Why a plugin may not be fetched from this address; `undefined` when it may. */
export function refusalOfAddress(address: string, allowsPrivate: boolean): string | undefined {
  const plain = address.replace(/^::ffff:/i, '')
  const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4'
  if (metadata.check(plain, family))
    return `${address} is a link-local or metadata address, which is never allowed`
  if (!allowsPrivate && privates.check(plain, family)) {
    return `${address} is a private address; option plugins.download.privateNetworks allows those`
  }
  return undefined
}
