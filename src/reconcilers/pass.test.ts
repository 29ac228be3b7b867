import { setImmediate as turn } from 'node:timers/promises';

import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { connectionTo, MemoryIssuer } from '../../test/reconcilers/memory-issuer.ts';
import { GRANTING, KEY, PATH, TokenStage } from '../../test/reconcilers/token-stage.ts';
import { waitFor } from '../../test/wait.ts';

const { signal } = new AbortController();

let kubernetes: TokenStage['kubernetes'];
let reconciler: TokenStage['reconciler'];
let given: TokenStage['given'];
let givenCluster: TokenStage['givenCluster'];
let reason: TokenStage['reason'];

beforeEach(async () => {
  ({ kubernetes, reconciler, given, givenCluster, reason } = await TokenStage.open());
});

describe('the dry run of the Secret, which leaves nothing behind', () => {
  const asked = (): string[] =>
    kubernetes.requests.map(({ method, query }) => (query?.['dryRun'] === 'All' ? `${method}, dry run` : method));
  let answerToFinalizer: PromiseWithResolvers<void>;

  beforeEach(() => {
    answerToFinalizer = Promise.withResolvers();
    const request = kubernetes.request.bind(kubernetes);
    jest.spyOn(kubernetes, 'request').mockImplementation(async (asking) => {
      const answer = await request(asking);
      if (asking.method === 'PATCH' && asking.path === PATH) await answerToFinalizer.promise;
      return answer;
    });
  });

  test('does not wait for the answer to the finalizer, but the token does', async () => {
    const issuer = new MemoryIssuer();
    given();
    givenCluster({ spec: GRANTING, connection: connectionTo(issuer) });
    const reconciling = reconciler.reconcile(KEY, signal);
    await waitFor(() => kubernetes.requests.length > 1, { what: 'the dry run', timeout: 5_000 });
    await turn();
    expect(asked()).toEqual(['PATCH', 'POST, dry run']);
    expect(issuer.asked).toEqual([]);
    answerToFinalizer.resolve();
    await reconciling;
    expect(asked()).toEqual(['PATCH', 'POST, dry run', 'POST', 'PATCH']);
    expect(reason()).toBe('Issued');
  });

  test('counts for nothing when the object turns out to be gone', async () => {
    const issuer = new MemoryIssuer();
    given();
    givenCluster({ spec: GRANTING, connection: connectionTo(issuer) });
    kubernetes.objects.delete(PATH);
    answerToFinalizer.resolve();
    await reconciler.reconcile(KEY, signal);
    expect(asked()).toEqual(['PATCH', 'POST, dry run']);
    expect(issuer.asked).toEqual([]);
  });

  test('is not made for an object that may have no token', async () => {
    given();
    givenCluster({ spec: { ...GRANTING, access: [] } });
    await reconciler.reconcile(KEY, signal);
    expect(asked()).not.toContain('POST, dry run');
  });
});
