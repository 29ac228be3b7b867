// What it takes to talk to one InfluxDB cluster: connections, issuer and probe, made from a spec and a credential.

import type { Clock } from '../controller/clock.ts';
import { HttpClient } from '../influxdb/http.ts';
import { InfluxctlIssuer } from '../influxdb/influxctl-issuer.ts';
import { unfitForProfile, type ProfileSettings } from '../influxdb/influxctl-profile.ts';
import type { Influxctl } from '../influxdb/influxctl.ts';
import type { TokenIssuer } from '../influxdb/issuer.ts';
import { ManagementAPI, tokensURL, type Product } from '../influxdb/management-api.ts';
import { measured, measuredIssuer, type CallObserver } from '../influxdb/measured-issuer.ts';
import { pacedIssuer } from '../influxdb/paced-issuer.ts';
import { DataAPIProbe, type ProbeTarget, type ProbeVerdict } from '../influxdb/probe.ts';
import type { TokenString } from '../influxdb/token-string.ts';
import type { Verdict } from '../resources/conditions.ts';
import { dataURL } from '../resources/defaults.ts';
import type { TokenKind } from '../resources/group.ts';
import type { InfluxDBClusterSpec } from '../resources/influxdb-cluster.ts';

/** A way to talk to a cluster. */
export interface ClusterConnection {
  /** By the kind of object they issue for; a kind without one cannot be issued. */
  readonly issuers: { readonly DatabaseToken: TokenIssuer; readonly ManagementToken?: TokenIssuer };
  /** Why a kind has no issuer, for each that has none. */
  readonly missing: Readonly<Partial<Record<TokenKind, Verdict>>>;
  probe(target: ProbeTarget, token: TokenString, signal: AbortSignal): Promise<ProbeVerdict>;
  /** Replaces the credential from the next request on; a look by influxctl that is under way begins anew. */
  useCredential(credential: TokenString): void;
  /** Ends all connections; requests in flight fail. */
  close(): Promise<void>;
}

/** What a connection is made from, apart from the credential. `caBundle` is PEM. */
export interface ConnectionSettings {
  readonly spec: InfluxDBClusterSpec;
  readonly caBundle: string | undefined;
}

/** Two settings with the same text make the same connection. Access rules and switches take no part in it. */
export function settingsKey({ spec, caBundle }: ConnectionSettings): string {
  const { product, url, accountID, clusterID, tls } = spec;
  return JSON.stringify([product, url, accountID, clusterID, tls, dataURL(spec), caBundle]);
}

/** What a connection is made with. */
export interface ConnectionTools {
  readonly clock: Clock;
  /** The operator's version, for the User-Agent. */
  readonly version: string;
  readonly observe: CallObserver;
  /** Whether this process leads. */
  readonly mayAct: () => boolean;
  /** Absent without `--influxctl`. */
  readonly influxctl?: Influxctl | undefined;
}

/** Throws an `Error` with a printable message where the CA bundle is not usable. */
export function connect(
  { spec, caBundle }: ConnectionSettings,
  credential: TokenString,
  { clock, version, observe, mayAct, influxctl }: ConnectionTools,
): ClusterConnection {
  const http = new HttpClient({
    version,
    clock,
    ...(caBundle === undefined ? {} : { caBundle }),
    ...(spec.tls?.insecureSkipVerify === undefined ? {} : { insecureSkipVerify: spec.tls.insecureSkipVerify }),
  });
  let current = credential;
  const product = productOf(spec);
  const api = new ManagementAPI({ http, clock, url: tokensURL(spec.url, product), credential: () => current });
  const { insecureSkipVerify } = spec.tls ?? {};
  const settings: ProfileSettings = { product, url: spec.url, caBundle, insecureSkipVerify };
  const lack = influxctl === undefined ? NO_INFLUXCTL : unfit(settings);
  const management =
    influxctl === undefined || lack !== undefined
      ? undefined
      : new InfluxctlIssuer({
          influxctl,
          clock,
          settings,
          credential: () => current,
          clockSkew: () => api.clockSkew,
        });
  const observeRun: CallObserver = (operation, ...rest) => observe(`influxctl_${operation}`, ...rest);
  const probe = new DataAPIProbe(http);
  const url = dataURL(spec);
  return {
    issuers: {
      // Paced outermost: what waits for its turn is measured, and asked whether it may still act, when it is sent.
      DatabaseToken: pacedIssuer(measuredIssuer(api, observe, mayAct)),
      ...(management === undefined ? {} : { ManagementToken: measuredIssuer(management, observeRun, mayAct) }),
    },
    missing: lack === undefined ? {} : { ManagementToken: lack },
    probe: (target, token, signal) =>
      measured('probe', observe, () => probe.probe({ ...target, dataURL: url }, token, signal)),
    useCredential(next) {
      current = next;
      management?.credentialReplaced();
    },
    close() {
      management?.close();
      return http.close();
    },
  };
}

const NO_INFLUXCTL: Verdict = {
  reason: 'InfluxctlMissing',
  message:
    'Management tokens are issued through the influxctl command, and the operator was started without --influxctl; nothing was created.',
};

function unfit(settings: ProfileSettings): Verdict | undefined {
  const why = unfitForProfile(settings);
  return why === undefined ? undefined : { reason: 'InvalidSpec', message: `${why}.`, remedy: '' };
}

/** The one place that tells the two products apart. */
function productOf({ product, accountID = '', clusterID = '' }: InfluxDBClusterSpec): Product {
  return product === 'Clustered' ? { product } : { product, accountID, clusterID };
}
