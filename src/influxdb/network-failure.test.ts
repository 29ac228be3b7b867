import { describe, expect, test } from '@jest/globals';

import { codeOf, explain } from './network-failure.ts';

describe('codeOf', () => {
  test.each([
    ['the code of a system error', { code: 'ECONNREFUSED' }, 'ECONNREFUSED'],
    ['a parser error without a code', { name: 'HTTPParserError', data: 'apiv1_secret' }, 'NOT_HTTP'],
    ['a code that is a number', { code: 20 }, 'UNKNOWN'],
    ['a code that is a text', { code: 'see apiv1_secret' }, 'UNKNOWN'],
    ['what is not an error', 'apiv1_secret', 'UNKNOWN'],
    ['nothing', null, 'UNKNOWN'],
  ])('knows %s', (_, error, code) => {
    expect(codeOf(error)).toBe(code);
  });
});

describe('explain', () => {
  test.each([
    ['ENOTFOUND', 'check spec.dataURL'],
    ['EAI_AGAIN', 'cannot be resolved'],
    ['ECONNREFUSED', 'check host and port of spec.dataURL'],
    ['EHOSTUNREACH', 'network policies'],
    ['UND_ERR_CONNECT_TIMEOUT', 'in time'],
    ['TOO_SLOW', 'in time'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'spec.tls.caBundle'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'spec.tls.caBundle'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'spec.tls.caBundle'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'spec.tls.caBundle'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'another host name'],
    ['CERT_HAS_EXPIRED', 'has expired'],
    ['CERT_NOT_YET_VALID', 'check the clocks'],
    ['CERT_REVOKED', 'not acceptable'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'does not speak TLS'],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'TLS 1.2'],
    ['EPROTO', 'TLS 1.2'],
    ['NOT_HTTP', 'not HTTP'],
    ['UND_ERR_ABORTED', 'HTTPS_PROXY'],
    ['UND_ERR_PRX_TLS', 'HTTPS_PROXY'],
    ['UND_ERR_DESTROYED', 'by the operator'],
    ['ABORTED', 'gave up'],
    ['ECONNRESET', 'was cut'],
    ['UND_ERR_SOCKET', 'was cut'],
    ['SOMETHING_NEW', 'the connection failed (SOMETHING_NEW)'],
  ])('%s is told with its remedy', (code, expected) => {
    expect(explain(code, 'spec.dataURL')).toContain(expected);
  });
});
