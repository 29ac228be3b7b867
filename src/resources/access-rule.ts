// Access rules: which namespaces may ask for which tokens.

import * as z from 'zod';
import { dnsLabel, labelValue, oneLine, positiveDuration } from './rules.ts';
import { type DeepReadonly, matches, setOf, text, textMap, withRules } from './schema.ts';

const labelSelector = withRules(
  z.object({
    matchLabels: z.exactOptional(textMap(labelValue, 32)).meta({
      description: 'Labels that the namespace has, all of them. Example: {team: a}.',
    }),
    matchExpressions: z
      .exactOptional(
        z
          .array(
            withRules(
              z.object({
                key: text(317).meta({ description: 'Key of the label.' }),
                operator: z
                  .enum(['In', 'NotIn', 'Exists', 'DoesNotExist'])
                  .meta({ description: 'How the label is compared: In, NotIn, Exists or DoesNotExist.' }),
                values: z
                  .exactOptional(z.array(text(63, 0)).max(64).meta({ 'x-kubernetes-list-type': 'atomic' }))
                  .meta({ description: 'Values for In and NotIn; none for Exists and DoesNotExist.' }),
              }),
              [
                {
                  cel: "(self.operator in ['In', 'NotIn']) == (self.?values.orValue([]).size() > 0)",
                  check: ({ operator, values = [] }) =>
                    (operator === 'In' || operator === 'NotIn') === values.length > 0,
                  message: 'must stand with In and NotIn, and only with them; add values or change the operator',
                  path: ['values'],
                },
              ],
            ),
          )
          .max(16)
          .meta({ 'x-kubernetes-list-type': 'atomic' }),
      )
      .meta({ description: 'Conditions on labels of the namespace, all of which hold.' }),
  }),
  [
    {
      cel: 'self.?matchLabels.orValue({}).size() > 0 || self.?matchExpressions.orValue([]).size() > 0',
      check: ({ matchLabels = {}, matchExpressions = [] }) =>
        Object.keys(matchLabels).length + matchExpressions.length > 0,
      message:
        'must not be empty, as that would mean every namespace; add matchLabels, or matchExpressions such as {key: team, operator: Exists}',
    },
  ],
).meta({ 'x-kubernetes-map-type': 'atomic' });

/** Picks namespaces by their labels. */
export type LabelSelector = DeepReadonly<z.infer<typeof labelSelector>>;

/** The schema of an access rule. */
export const accessRule = withRules(
  z.object({
    name: dnsLabel.meta({ description: 'Name of the rule, which conditions quote. Example: team-a.' }),
    namespaces: withRules(
      z.object({
        names: z.exactOptional(setOf(dnsLabel, 128)).meta({ description: 'Namespaces by name. Example: [metrics].' }),
        selector: z
          .exactOptional(labelSelector)
          .meta({ description: 'Namespaces by their labels; must not be empty.' }),
      }),
      [
        {
          cel: 'has(self.names) || has(self.selector)',
          check: (self) => self.names !== undefined || self.selector !== undefined,
          message: 'must pick namespaces; set names, selector or both',
        },
      ],
    ).meta({
      description:
        'Where the rule applies: the namespaces given by name and those that the selector picks. At least one of the two.',
    }),
    databases: z
      .exactOptional(
        setOf(
          withRules(text(64), [
            oneLine,
            matches(
              '^[^*]*[*]?$',
              'must be the name of a database, or the beginning of one with a single "*" at the end, such as team-a-*',
            ),
          ]),
          128,
        ),
      )
      .meta({
        description:
          'Databases that tokens may name: exactly, or by their beginning with a "*" at the end. A token for "*" needs "*" here. ' +
          'Together with actions; without both, the rule allows no DatabaseToken. Example: [sensors, "team-a-*"].',
      }),
    actions: z.exactOptional(setOf(z.enum(['read', 'write']), 2)).meta({
      description: 'What tokens may do with those databases. Together with databases. Example: [read, write].',
    }),
    managementTokens: z.exactOptional(z.enum(['Allow', 'Deny'])).meta({
      description:
        'Whether ManagementTokens are allowed. Such a token can do everything but read and write data: treat it as root. ' +
        'Allow only takes namespaces given by name. Default: Deny.',
    }),
    maxLifetime: z.exactOptional(positiveDuration).meta({
      description:
        'How long a token may live, as a duration, at the time when it is issued; with it, every token has to expire. Default: no limit. Example: 2160h.',
    }),
    maxTokens: z.exactOptional(z.int().min(1).max(100_000)).meta({
      format: 'int32',
      description:
        'How many tokens each namespace may have, live and retained ones; the oldest objects come first. Default: 100.',
    }),
  }),
  [
    {
      cel: 'has(self.databases) == has(self.actions)',
      check: (self) => (self.databases === undefined) === (self.actions === undefined),
      message: 'must name both databases and actions, or neither; one without the other allows nothing',
    },
    {
      cel: "self.?managementTokens.orValue('Deny') != 'Allow' || !has(self.namespaces.selector)",
      check: (self) => self.managementTokens !== 'Allow' || self.namespaces.selector === undefined,
      message:
        'must be Deny where namespaces are picked by labels, because a management token is root; move it into a rule with namespaces.names alone',
      path: ['managementTokens'],
    },
  ],
);

/** Who may ask for what. */
export type AccessRule = DeepReadonly<z.infer<typeof accessRule>>;
