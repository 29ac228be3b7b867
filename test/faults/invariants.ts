// What holds for every object at every rest, whatever went wrong before.

import { readLedger } from '../../src/tokens/ledger.ts';
import { CANARY } from '../simulator/simulator.ts';
import type { Stage } from '../operator/stage.ts';
import { stringsIn, type Trial } from './trial.ts';

/** As it stands in a Secret, behind the six or nine characters that token strings begin with; the last ones depend on what follows. */
const CANARY_IN_BASE64 = Buffer.from(CANARY).toString('base64').slice(0, -4);

/**
 * Says what is wrong in a trial at rest, in words; nothing when all is well.
 *
 * @param most how many tokens may ever have been made for each object by name: I8
 */
export async function violations(trial: Trial, most: ReadonlyMap<string, number>): Promise<readonly string[]> {
  const wrong = [...trial.violations, ...(await trial.strangersAsTheyWere())];
  const [objects, secrets] = [await trial.objects(), await trial.secrets()];
  const tokens = new Map(trial.scene.simulator.tokens().map((token) => [token.id, token]));
  const named = new Set<string>();
  for (const secret of secrets) {
    const { metadata } = secret;
    const ledger = readLedger(metadata.annotations ?? {});
    if (ledger === undefined) {
      wrong.push(`Secret ${metadata.name} has no ledger`);
      continue;
    }
    for (const id of [ledger.tokenID, ...ledger.superseded.map(({ id }) => id)]) named.add(id);
    if (ledger.superseded.length > 1) wrong.push(`I1: Secret ${metadata.name} names ${ledger.superseded.length + 1}`);
    const token = tokens.get(ledger.tokenID);
    if (token?.string === undefined || !stringsIn(secret).includes(token.string)) {
      wrong.push(`Secret ${metadata.name} does not hold the token that it names`);
    }
    const owner = objects.find((object) => object.metadata.uid === ledger.object.split('/').at(-1));
    if (token?.revokedAt !== undefined && owner?.metadata.deletionTimestamp === undefined) {
      wrong.push(`I3: Secret ${metadata.name} holds a revoked token`);
    }
    if (!(await trial.scene.accepts(token?.string))) wrong.push(`${metadata.name}: InfluxDB refuses its token`);
  }
  for (const { id, description } of trial.markedTokens()) {
    if (!named.has(id)) wrong.push(`I2 or I6: the live token ${id} (${description}) is named by no Secret`);
  }
  for (const [name, bound] of most) {
    const made = trial.tokensOf(name).length;
    if (made > bound) wrong.push(`I8: ${made} tokens were made for ${name}, which needs at most ${bound}`);
  }
  return wrong;
}

const METADATA = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

/** I5: where a token string was seen that must not be there. Every string begins with the canary. */
export async function leaks(stage: Stage): Promise<readonly string[]> {
  const { kubernetes } = stage;
  const places = {
    'the log': await stage.operatorLog(),
    'the metrics': (await stage.operator.page('/metrics')).text,
    Events: await stage.kubectl('get', 'events', '--all-namespaces', '--output=json'),
    objects: await stage.kubectl('get', 'idbc,idbt,imt', '--all-namespaces', '--show-managed-fields', '--output=json'),
    'metadata of Secrets': JSON.stringify(
      await kubernetes.request({ method: 'GET', path: '/api/v1/secrets', accept: METADATA }),
    ),
  };
  return Object.entries(places)
    .filter(([, text]) => text.includes(CANARY) || text.includes(CANARY_IN_BASE64))
    .map(([place]) => `I5: a token string stands in ${place}`);
}
