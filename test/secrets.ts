// Secrets of an issued object, as tests need them: what they are to hold, and what the API server hands out.

import { TokenString } from '../src/influxdb/token-string.ts';
import type { DatabaseTokenSpec } from '../src/resources/database-token.ts';
import { digest, type Ledger } from '../src/tokens/ledger.ts';
import {
  FIELD_MANAGER,
  secretContent,
  secretManifest,
  type LiveSecret,
  type SecretContent,
} from '../src/tokens/secret.ts';
import { aLedger, given, id, nonce } from './builders.ts';

/** The string of the token that was issued first, and that of its successor. */
export const OLD = new TokenString('apiv1_old');
export const FRESH = new TokenString('apiv1_new');

/** As the API server shows data. */
export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** What the Secret of an object with these fields in its spec is to hold. */
export function contentOf(spec: Partial<DatabaseTokenSpec> = {}): SecretContent {
  const { object, wanted } = given().spec(spec).build();
  if (wanted === undefined) throw new Error('the spec is not valid');
  return secretContent(object, object.spec, wanted, 'https://data.example.com');
}

/** The ledger of the object's token of this number. */
export function ledgerOf(number: number, string: TokenString, change: Partial<Ledger> = {}): Ledger {
  return aLedger({
    tokenID: id(number),
    attempt: nonce(number),
    fence: number,
    digest: digest(id(number), string),
    ...change,
  });
}

/** The Secret as the API server hands it out after we created it, with what strangers added. */
export function issued(
  content: SecretContent,
  ledger: Ledger,
  stranger: { readonly data?: Readonly<Record<string, string>> } = {},
): LiveSecret {
  const { metadata, data } = secretManifest(content, ledger, OLD);
  const fields = (keys: object): object => Object.fromEntries(Object.keys(keys).map((key) => [`f:${key}`, {}]));
  return {
    metadata: {
      ...metadata,
      uid: 'secret',
      resourceVersion: '1',
      managedFields: [
        {
          manager: FIELD_MANAGER,
          fieldsV1: {
            'f:data': fields(data),
            'f:metadata': {
              'f:labels': fields(metadata.labels ?? {}),
              'f:annotations': fields(metadata.annotations ?? {}),
            },
          },
        },
      ],
    },
    data: { ...data, ...stranger.data },
  };
}

/** The Secret with other annotations besides. */
export function annotate(live: LiveSecret, annotations: Readonly<Record<string, string>>): LiveSecret {
  return { ...live, metadata: { ...live.metadata, annotations: { ...live.metadata.annotations, ...annotations } } };
}
