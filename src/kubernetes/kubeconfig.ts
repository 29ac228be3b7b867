// Finds the cluster to talk to: the only file that loads @kubernetes/client-node, which costs half a second, and only when called.

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Environment } from './proxy.ts';

const SERVICE_ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** Where to look. */
export interface Places {
  /** The path given on the command line; nothing else is looked at then. */
  readonly kubeconfig?: string;
  readonly environment?: Environment;
  readonly home?: string;
  /** Put before the paths of the service account's files. */
  readonly root?: string;
}

/** Reads the configuration anew from the place found first, which stays the place. */
export type Load = () => KubeConfig;

/**
 * In this order: `kubeconfig`, $KUBECONFIG (several files are merged), ~/.kube/config, the service account of the pod.
 * Throws an Error for people: where was looked, and the remedy.
 */
export async function findKubeConfig(places: Places): Promise<Load> {
  const { kubeconfig, environment = process.env, home = homedir(), root = '' } = places;
  const { KubeConfig: Config } = await import('@kubernetes/client-node');
  const fromFiles = (source: string, files: readonly string[]): Load => {
    const present = files.filter((file) => existsSync(file));
    if (present.length === 0) {
      throw new Error(`${source} names ${files.join(', ')}, which does not exist: give the path of a kubeconfig`);
    }
    return () =>
      explained(source, present, () => {
        const config = new Config();
        for (const [index, file] of present.entries()) {
          const next = new Config();
          next.loadFromFile(file);
          if (index === 0) config.loadFromOptions(next);
          else config.mergeConfig(next, Boolean(config.currentContext));
        }
        return config;
      });
  };

  if (kubeconfig !== undefined) return fromFiles('--kubeconfig', [kubeconfig]);
  const named = environment['KUBECONFIG']?.split(delimiter).filter((file) => file !== '') ?? [];
  if (named.length > 0) return fromFiles('$KUBECONFIG', named);
  const standard = join(home, '.kube', 'config');
  if (existsSync(standard)) return fromFiles('the default', [standard]);
  const token = root + SERVICE_ACCOUNT_TOKEN;
  if (environment['KUBERNETES_SERVICE_HOST'] && existsSync(token)) {
    return () => {
      const config = new Config();
      config.loadFromCluster(root);
      return config;
    };
  }
  throw new Error(
    `no Kubernetes cluster found: neither --kubeconfig nor $KUBECONFIG is given, there is no ${standard}, and this is not a pod ` +
      `with a service account (${token} and $KUBERNETES_SERVICE_HOST): give --kubeconfig PATH`,
  );
}

function explained(source: string, files: readonly string[], load: Load): KubeConfig {
  try {
    return load();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`cannot read the kubeconfig ${files.join(', ')} (${source}): ${message}`, { cause: error });
  }
}
