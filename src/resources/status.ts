// The status that the operator writes: a projection of what it knows, which can be rebuilt at any time.

import * as z from 'zod';
import { instant } from './rules.ts';
import { type DeepReadonly, mapListOf, text } from './schema.ts';

const tokenID = text(256);

/** A condition, as the Kubernetes API conventions define it. */
export const condition = z.object({
  type: text(316).meta({
    description: 'Ready, Synced, Reconciling or Stalled; the last two are absent when they are false.',
  }),
  status: z.enum(['True', 'False', 'Unknown']).meta({ description: 'True, False or Unknown.' }),
  reason: text(1024).meta({ description: 'One word for the cause, which the reference explains.' }),
  message: text(32_768, 0).meta({ description: 'What is the case and what to do about it.' }),
  lastTransitionTime: instant.meta({ description: 'When the status of this condition last changed (RFC 3339).' }),
  observedGeneration: z
    .exactOptional(z.int())
    .meta({ format: 'int64', description: 'The generation of the object that this condition is about.' }),
});

/** Status fields of every kind. */
export const commonStatus = {
  observedGeneration: z.exactOptional(z.int()).meta({
    format: 'int64',
    description: 'The generation that the operator has last looked at; -1 before it has.',
  }),
  conditions: z.exactOptional(mapListOf(condition, ['type'], { max: 16 })).meta({
    description: 'How things stand. Ready=True means that an application which reads the Secret now will be let in.',
  }),
};

/** The status of every kind of token. */
export const tokenStatus = z.object({
  ...commonStatus,
  token: z
    .exactOptional(
      z.object({
        id: tokenID.meta({ description: 'Id of the token, which is no secret.' }),
        clusterUID: text(64).meta({ description: 'UID of the InfluxDBCluster that the token was issued on.' }),
        createdAt: instant.meta({ description: 'When the token was issued (RFC 3339).' }),
        expiresAt: z
          .exactOptional(instant)
          .meta({ description: 'When the token expires (RFC 3339); absent when it does not.' }),
      }),
    )
    .meta({ description: 'The token in the Secret.' }),
  secretName: z.exactOptional(text(253)).meta({ description: 'The Secret that holds the token.' }),
  nextRotation: z.exactOptional(instant).meta({ description: 'When the token will be renewed (RFC 3339).' }),
  superseded: z
    .exactOptional(
      mapListOf(
        z.object({
          id: tokenID.meta({ description: 'Id of the token.' }),
          revokeAfter: instant.meta({ description: 'When it will be revoked (RFC 3339).' }),
        }),
        ['id'],
        { max: 1024 },
      ),
    )
    .meta({ description: 'Earlier tokens that still work, until applications have read the new one.' }),
});

/** The status of every kind of token. */
export type TokenStatus = DeepReadonly<z.infer<typeof tokenStatus>>;
