// The components of deploy/: each folder there is one, and the chart has a value that switches it on.

import { z } from 'zod';
import { POD, type Value } from './values.ts';

/** What the chart knows of a component beyond its folder; most need nothing. */
export interface ComponentSettings {
  /** More values below `components.<name>`, besides `enabled`. */
  readonly values?: readonly Value[];
  /**
   * A folder of deploy/ that an overlay names once for each watched namespace. The chart makes its manifests once for each of
   * `flags.watch-namespace`.
   */
  readonly perWatchedNamespace?: string;
}

/** By folder. */
export const COMPONENT_SETTINGS: Readonly<Record<string, ComponentSettings>> = {
  influxctl: {
    values: [
      {
        name: 'image',
        description: 'The image that holds the command, with its tag or digest.',
        schema: z.string().min(1),
        // What the component has; a test holds the chart against it.
        default: 'registry.example.com/influxctl:2.12.0',
        fields: [{ kind: 'Deployment', path: [...POD, 'initContainers', 'influxctl', 'image'] }],
      },
    ],
  },
  namespaced: { perWatchedNamespace: 'watched-namespace' },
  'network-policy': {
    values: [
      rulesOf('ingress', 'Who may come in.'),
      rulesOf('egress', 'Where the operator may go; add the port of InfluxDB if it is another one.'),
    ],
  },
};

function rulesOf(name: string, description: string): Value {
  const schema = z.array(z.looseObject({}));
  return { name, description, schema, fields: [{ kind: 'NetworkPolicy', path: ['spec', name] }] };
}
