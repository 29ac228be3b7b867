// Which proxy, if any, stands before a server, by the environment's say.

import { BlockList, isIP } from 'node:net';

/** Environment variables, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for `server` by HTTPS_PROXY or HTTP_PROXY, and NO_PROXY, in either case of letters; undefined for none. The rules
 * are those of Go's httpproxy package, so that the operator goes the way kubectl goes. undici's EnvHttpProxyAgent knows no
 * address ranges, and inside a cluster the API server is an address that NO_PROXY names by its range.
 */
export function proxyFor(server: URL, environment: Environment): string | undefined {
  const read = (name: string): string | undefined => environment[name] || environment[name.toLowerCase()] || undefined;
  const proxy = server.protocol === 'https:' ? read('HTTPS_PROXY') : read('HTTP_PROXY');
  if (proxy === undefined || isExempt(server, read('NO_PROXY') ?? '')) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function isExempt(server: URL, noProxy: string): boolean {
  const host = server.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const port = server.port || (server.protocol === 'https:' ? '443' : '80');
  if (host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))) return true;
  return noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== '' && covers(entry, host, port));
}

function covers(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return rangeCovers(entry, host);
  const withPort = /^(?:\[(?<bracketed>.+)\]|(?<plain>[^:]+)):(?<port>\d+)$/.exec(entry)?.groups;
  if (withPort && withPort['port'] !== port) return false;
  const name = (withPort?.['bracketed'] ?? withPort?.['plain'] ?? entry).replace(/^\*?\./, '.');
  if (name.startsWith('.')) return host.endsWith(name);
  return host === name || (isIP(host) === 0 && host.endsWith(`.${name}`));
}

function rangeCovers(range: string, host: string): boolean {
  const [network = '', bits = ''] = range.split('/');
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
  const length = Number(bits);
  if (isIP(network) === 0 || isIP(host) !== isIP(network) || !/^\d+$/.test(bits)) return false;
  if (length > (family === 'ipv6' ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(network, length, family);
  return list.check(host, family);
}
