// The field `spec.secret` of a request for a token: which Secret is written, and what stands in it.

import * as z from 'zod';
import { dataKey, labelValue, objectName, secretMetadataKeys } from './rules.ts';
import { type DeepReadonly, type Rule, text, textMap, withRules } from './schema.ts';

/** The key of the token string in a Secret, unless another is asked for. */
export const DEFAULT_TOKEN_KEY = 'token';

const keyFields = {
  token: z
    .exactOptional(dataKey)
    .meta({ description: 'Key that holds the token string. Default: token. Example: INFLUX_TOKEN.' }),
  url: z.exactOptional(dataKey).meta({
    description:
      'Key that holds the URL of the data API, which is dataURL of the InfluxDBCluster. Not written by default. Example: INFLUX_HOST.',
  }),
  tokenID: z.exactOptional(dataKey).meta({
    description:
      'Key that holds the id of the token, which is no secret and helps to find it in audit logs. Not written by default.',
  }),
  expiresAt: z.exactOptional(dataKey).meta({
    description:
      'Key that holds the point in time at which the token expires (RFC 3339), empty for one that does not. Not written by default.',
  }),
};

/** Fields of `spec.secret.keys` that every kind of token has. */
export const commonKeys = z.object(keyFields);

/** Fields of `spec.secret.keys` of a token for databases. */
export const databaseKeys = z.object({
  ...keyFields,
  database: z.exactOptional(dataKey).meta({
    description:
      'Key that holds the name of a database: the first by name that the permissions name. Not written by default. Example: INFLUX_DATABASE.',
  }),
});

/** What may be written to a Secret, in the order of the CRD. */
const KEY_NAMES = ['token', 'url', 'tokenID', 'expiresAt', 'database'] as const;

/** Two things on one key would overwrite each other; `token` has a key even when none is given. */
function distinctKeys(names: readonly (typeof KEY_NAMES)[number][]): Rule<DeepReadonly<z.infer<typeof databaseKeys>>> {
  const list = names.map((name) =>
    name === 'token' ? `self.?token.orValue('${DEFAULT_TOKEN_KEY}')` : `?self.?${name}`,
  );
  const cel = `[${list.join(', ')}]`;
  return {
    cel: `${cel}.all(key, ${cel}.exists_one(other, other == key))`,
    check: (self) => {
      const keys = Object.values({ token: DEFAULT_TOKEN_KEY, ...self });
      return new Set(keys).size === keys.length;
    },
    message: `must not put two things on one key (without a key of its own, the token string is on "${DEFAULT_TOKEN_KEY}"); give each its own`,
  };
}

/** The field `spec.secret` of a kind of token, with the keys that this kind knows. */
export function secretField<K extends z.ZodType<DeepReadonly<z.infer<typeof databaseKeys>>>>(
  keys: K,
  names: readonly (typeof KEY_NAMES)[number][],
) {
  return z
    .exactOptional(
      z.object({
        name: z.exactOptional(objectName).meta({
          description:
            'Name of the Secret, in the namespace of this object. Default: the name of this object. Cannot be changed. ' +
            'A Secret that exists already and belongs to something else is never touched.',
        }),
        keys: z.exactOptional(withRules(keys, [distinctKeys(names)])).meta({
          description:
            'Which keys the Secret gets, and what stands in them. Default: the token string under "token". ' +
            'A change rewrites the keys and issues no new token. Example: {token: INFLUX_TOKEN, url: INFLUX_HOST}.',
        }),
        labels: z.exactOptional(withRules(textMap(labelValue, 32), secretMetadataKeys)).meta({
          description:
            'Labels of the Secret. Nothing is copied from the labels of this object. Keys of influxtokens.dev, of Kubernetes, and of programs that deploy, take over or copy Secrets are refused.',
        }),
        annotations: z.exactOptional(withRules(textMap(text(1024, 0), 32), secretMetadataKeys)).meta({
          description:
            'Annotations of the Secret. Nothing is copied from the annotations of this object. Keys of influxtokens.dev, of Kubernetes, and of programs that deploy, take over or copy Secrets are refused.',
        }),
      }),
    )
    .meta({
      description: 'The Secret that the token is written to. It is of type Opaque, and created by the operator.',
    });
}
