// Addresses that mean something else on every machine: no InfluxDB is there, but the credentials that a cloud gives its machines are.

import { BlockList, isIP } from 'node:net';

const list = new BlockList();
list.addSubnet('169.254.0.0', 16, 'ipv4');
list.addSubnet('fe80::', 10, 'ipv6');
// Not link-local by its number, but by its use: the instance metadata of AWS over IPv6.
list.addAddress('fd00:ec2::254', 'ipv6');

/** Whether a host, as a URL or DNS gives it, is a link-local address, also one of IPv4 written as IPv6. False for names. */
export function isLinkLocal(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
