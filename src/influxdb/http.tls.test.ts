import { afterEach, describe, expect, jest, test } from '@jest/globals';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { Duplex } from 'node:stream';

import { CertificateAuthority } from '../../test/certificates.ts';
import { client, closeAll, failure, listen, post } from '../../test/http-client.ts';
import { readText } from './http.ts';

afterEach(() => {
  closeAll();
  jest.restoreAllMocks();
});

describe('TLS', () => {
  async function tlsServer(
    hosts: readonly string[],
    options: https.ServerOptions = {},
  ): Promise<{ port: number; caBundle: string }> {
    const authority = await CertificateAuthority.create('an authority');
    const { certificate, key } = await authority.issue({ commonName: 'a test', hosts, usage: 'server' });
    const server = https.createServer(
      { cert: certificate, key, ...options },
      (_, response) => void response.end('hello'),
    );
    return { port: await listen(server), caBundle: authority.certificate };
  }

  test('a certificate of the CA bundle is trusted', async () => {
    const { port, caBundle } = await tlsServer(['localhost', '127.0.0.1']);
    for (const host of ['localhost', '127.0.0.1']) {
      await expect(client({ caBundle }).exchange(post(`https://${host}:${port}/`), readText)).resolves.toBe('hello');
    }
  });

  test('a certificate of an unknown authority is not, and nothing is sent', async () => {
    const { port } = await tlsServer(['127.0.0.1']);
    const error = await failure(client().exchange(post(`https://127.0.0.1:${port}/`), readText));
    expect(error).toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', sent: false });
  });

  test('a certificate for another host is not, and nothing is sent', async () => {
    const { port, caBundle } = await tlsServer(['influxdb.example.com']);
    const error = await failure(client({ caBundle }).exchange(post(`https://127.0.0.1:${port}/`), readText));
    expect(error).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID', sent: false });
  });

  test('anything is trusted where the administrator says so', async () => {
    const { port } = await tlsServer(['influxdb.example.com']);
    const request = post(`https://127.0.0.1:${port}/`);
    await expect(client({ insecureSkipVerify: true }).exchange(request, readText)).resolves.toBe('hello');
  });

  test('TLS 1.1 is not spoken', async () => {
    const { port, caBundle } = await tlsServer(['127.0.0.1'], {
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL:@SECLEVEL=0',
    });
    const error = await failure(client({ caBundle }).exchange(post(`https://127.0.0.1:${port}/`), readText));
    expect(error.sent).toBe(false);
    expect(error.code).toMatch(/^(ERR_SSL_\w+|EPROTO)$/);
  });

  test('a server that speaks plain HTTP is told apart', async () => {
    const port = await listen(http.createServer());
    const error = await failure(client().exchange(post(`https://127.0.0.1:${port}/`), readText));
    expect(error).toMatchObject({ code: 'ERR_SSL_WRONG_VERSION_NUMBER', sent: false });
  });

  describe('through a proxy of the environment', () => {
    async function proxy(answer: string, target: number): Promise<{ url: string; seen: string[] }> {
      const seen: string[] = [];
      const server = http.createServer().on('connect', (request: http.IncomingMessage, socket: Duplex) => {
        seen.push(request.url ?? '');
        socket.on('error', () => {});
        socket.write(`HTTP/1.1 ${answer}\r\n\r\n`);
        if (answer.startsWith('200')) socket.pipe(net.connect(target, '127.0.0.1')).pipe(socket);
        else socket.end();
      });
      return { url: `http://127.0.0.1:${await listen(server)}`, seen };
    }

    test('TLS goes through it end to end, with our trust', async () => {
      const { port, caBundle } = await tlsServer(['influxdb.example.com']);
      const { url, seen } = await proxy('200 OK', port);
      jest.replaceProperty(process, 'env', { ...process.env, HTTPS_PROXY: url, NO_PROXY: 'elsewhere.example.com' });
      const request = post('https://influxdb.example.com/');
      await expect(client({ caBundle }).exchange(request, readText)).resolves.toBe('hello');
      expect(seen).toEqual(['influxdb.example.com:443']);
      await expect(failure(client().exchange(request, readText))).resolves.toMatchObject({ sent: false });
    });

    test('a host of NO_PROXY is reached directly', async () => {
      const { port, caBundle } = await tlsServer(['127.0.0.1']);
      jest.replaceProperty(process, 'env', {
        ...process.env,
        HTTPS_PROXY: 'http://127.0.0.1:1',
        NO_PROXY: '127.0.0.1',
      });
      await expect(client({ caBundle }).exchange(post(`https://127.0.0.1:${port}/`), readText)).resolves.toBe('hello');
    });

    test('a range of addresses in NO_PROXY says nothing: docs/security.md tells so', async () => {
      const { port, caBundle } = await tlsServer(['127.0.0.1']);
      const { url, seen } = await proxy('200 OK', port);
      jest.replaceProperty(process, 'env', { ...process.env, HTTPS_PROXY: url, NO_PROXY: '127.0.0.0/8' });
      await expect(client({ caBundle }).exchange(post(`https://127.0.0.1:${port}/`), readText)).resolves.toBe('hello');
      expect(seen).toEqual([`127.0.0.1:${port}`]);
    });

    test('a proxy that refuses has sent nothing on', async () => {
      const { url } = await proxy('407 Proxy Authentication Required', 0);
      jest.replaceProperty(process, 'env', { ...process.env, HTTPS_PROXY: url });
      const error = await failure(client().exchange(post('https://influxdb.example.com/'), readText));
      expect(error).toMatchObject({ code: 'UND_ERR_ABORTED', sent: false });
    });

    test('a URL that is none is said to be so, and not repeated', () => {
      jest.replaceProperty(process, 'env', { ...process.env, HTTPS_PROXY: 'user:secret@:8080' });
      expect(() => client()).toThrow('HTTPS_PROXY or HTTP_PROXY in the environment is not a usable URL');
    });
  });
});
