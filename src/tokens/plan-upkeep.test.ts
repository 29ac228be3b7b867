import { describe, expect, test } from '@jest/globals';

import { aLedger, aSecret, DAY, given, HOUR, id, NOW, SECOND, serverToken } from '../../test/builders.ts';
import { story } from '../../test/story.ts';
import type { Observed } from './observed.ts';

describe('an issued object', () => {
  test('after a restart is left as it is, without a request', () => {
    expect(story(given().issued().build()).run()).toMatchObject({ told: [], verdict: { reason: 'Issued' } });
  });

  test('whose Secret was deleted gets a new token, and the old one keeps its overlap', () => {
    const one = story(given().issued().secretGone().build());
    const { told, o } = one.run();
    expect(told).toEqual(['lookAtSecret', 'rehearse', 'mint: secretDeleted', 'publish 101', 'probe 101']);
    expect(o.object.status?.superseded).toEqual([{ id: id(1), revokeAfter: '2030-01-02T00:00:02Z' }]);
    expect(one.later(DAY + 2 * SECOND).run().told).toEqual([
      'lookAtObject',
      'lookAtSecret',
      'lookUp 1',
      'revoke 1',
      'rewrite',
    ]);
    expect(one.world.tokens.get(id(1))?.revokedAt).toBeDefined();
  });

  test('whose Secret only lost its label keeps its token, and gets the label back', () => {
    const one = story(given().issued().secretGone().build());
    one.world.secret = { ...aSecret(), seen: 'live', intact: true, asWanted: false };
    expect(one.run().told).toEqual(['lookAtSecret', 'rewrite']);
    expect(one.world.tokens.size).toBe(1);
  });

  test('whose token was edited by hand gets a new one, and the old keeps its overlap', () => {
    const one = story(
      given()
        .issued()
        .secret(aSecret({ foreignWriter: true }))
        .build(),
    );
    one.world.secret = { ...aSecret(), seen: 'live', intact: false, asWanted: false };
    const { told, o } = one.run();
    expect(told).toEqual(['lookAtSecret', 'rehearse', 'mint: editedByHand', 'publish 101', 'probe 101']);
    expect(o.object.status?.superseded?.map((token) => token.id)).toEqual([id(1)]);
  });

  test('whose Secret changed behind our back is looked at, and kept when only a stranger’s label changed', () => {
    const one = story(
      given()
        .issued()
        .memory({ verified: { resourceVersion: '9' } })
        .build(),
    );
    expect(one.run().told).toEqual(['lookAtSecret']);
    expect(one.run().told).toEqual([]);
  });

  test('whose Secret changes after a restart is looked at, though it was not before', () => {
    const one = story(given().issued().build());
    expect(one.run().told).toEqual([]);
    const changed = (o: Observed): Observed =>
      given()
        .with(o)
        .secret(aSecret({ resourceVersion: '12' }))
        .build();
    expect(one.later(HOUR, changed).run().told).toEqual(['lookAtSecret']);
  });

  test('whose annotations were damaged gets a new token, because half a ledger is not acted upon', () => {
    const { ledger: _, ...damaged } = aSecret();
    const one = story(given().issued().secret(damaged).build());
    expect(one.run().told).toEqual(['lookAtSecret', 'rehearse', 'mint: ledgerDamaged', 'publish 101', 'probe 101']);
  });

  test('whose token was revoked outside gets a new one', () => {
    const one = story(given().issued().inventory([]).build());
    one.world.tokens.set(id(1), serverToken(1, { revokedAt: NOW - HOUR }));
    const { told, o } = one.run();
    expect(told).toEqual(['lookUp 1', 'lookAtSecret', 'rehearse', 'mint: revokedOutside', 'publish 101', 'probe 101']);
    expect(o.object.status?.superseded).toBeUndefined();
  });

  test('whose token the API does not know is believed only beside a list that shows others of ours', () => {
    const one = story(given().issued().inventory([]).build());
    one.world.tokens.clear();
    expect(one.run().told).toEqual([
      'lookUp 1',
      'takeInventory',
      'lookAtSecret',
      'rehearse',
      'mint: revokedOutside',
      'publish 101',
      'probe 101',
    ]);
  });

  test('whose token the API does not know is left alone when the list shows none of ours: it may be another cluster', () => {
    const one = story(given().issued().inventory([]).build()).on('takeInventory', () => ({
      got: 'inventory',
      inventory: { begun: NOW, finished: NOW, knowsUs: false, tokens: [] },
    }));
    one.world.tokens.clear();
    expect(one.run()).toMatchObject({ told: ['lookUp 1', 'takeInventory'], verdict: { reason: 'ClusterMismatch' } });
  });

  test('whose marker was removed gets a new token; the old one is never touched again', () => {
    const one = story(given().issued().inventory([]).build());
    one.world.tokens.set(id(1), serverToken(1, { description: 'mine now' }));
    expect(one.run().told).toEqual([
      'lookUp 1',
      'lookAtSecret',
      'rehearse',
      'mint: markerRemoved',
      'publish 101',
      'probe 101',
    ]);
    one.later(30 * DAY).run();
    expect(one.world.tokens.get(id(1))).toEqual(serverToken(1, { description: 'mine now' }));
  });

  test('whose token was altered outside is changed back', () => {
    const altered = serverToken(1, { permissions: [{ action: 'write', resource: 'sensors' }] });
    const one = story(given().issued().inventory([altered]).build());
    one.world.tokens.set(id(1), altered);
    expect(one.run()).toMatchObject({ told: ['lookUp 1', 'change 1'], verdict: { reason: 'Issued' } });
    expect(one.world.tokens.get(id(1))?.permissions).toEqual(serverToken(1).permissions);
  });

  test('whose marker was removed after the last list is not changed: only the server’s words of this pass count', () => {
    const altered = serverToken(1, { permissions: [{ action: 'write', resource: 'sensors' }] });
    const one = story(given().issued().inventory([altered]).build());
    one.world.tokens.set(id(1), { ...altered, description: 'mine now' });
    const { told } = one.run();
    expect(told).toContain('mint: markerRemoved');
    expect(told).not.toContain('change 1');
  });

  test('whose permissions changed has its token changed in place, the same string, the Secret untouched', () => {
    const permissions = [{ action: 'write', resource: 'sensors' }] as const;
    const one = story(given().issued().edited({ permissions }).build());
    expect(one.run()).toMatchObject({
      told: ['lookAtSecret', 'lookUp 1', 'change 1'],
      verdict: { reason: 'Issued' },
    });
    expect(one.world.tokens.get(id(1))?.permissions).toEqual(permissions);
  });

  test('whose change the server swallows is NotApplied, after one try', () => {
    const one = story(given().issued().edited({ description: 'New' }).build()).on('change', ({ id }) => ({
      got: 'token',
      id,
      info: serverToken(1),
      at: NOW,
    }));
    expect(one.run()).toMatchObject({
      told: ['lookAtSecret', 'lookUp 1', 'change 1'],
      verdict: { reason: 'NotApplied', message: expect.stringContaining('description') },
    });
    expect(one.later(HOUR).run()).toMatchObject({ told: [], verdict: { reason: 'NotApplied' } });
    expect(one.later(HOUR, (o) => given().with(o).edited({ description: 'Newer' }).build()).run().told).toContain(
      'change 1',
    );
  });

  test('whose keys changed has its Secret rewritten, and nothing minted', () => {
    const one = story(
      given()
        .issued()
        .edited({ secret: { keys: { token: 'T' } } })
        .build(),
    );
    one.world.secret = { ...aSecret(), seen: 'live', intact: true, asWanted: false };
    expect(one.run()).toMatchObject({ told: ['lookAtSecret', 'lookUp 1', 'rewrite'], verdict: { reason: 'Issued' } });
  });

  test('has its Secret looked at once when it is to look otherwise, as when the data moved to another URL', () => {
    const moved = (o: Observed): Observed => ({ ...o, layout: 'moved' });
    const one = story(given().issued().build());
    expect(one.run().told).toEqual([]);
    one.world.secret = { ...aSecret(), seen: 'live', intact: true, asWanted: false };
    expect(one.later(HOUR, moved).run().told).toEqual(['lookAtSecret', 'rewrite']);
    expect(one.world.secret?.ledger?.layout).toBe('moved');
    expect(one.later(HOUR).run().told).toEqual([]);
  });

  test('whose Secret another process wrote for an older spec is put right after a restart, by the layout in its ledger', () => {
    const secret = aSecret({ ledger: aLedger({ layout: 'older' }) });
    const one = story(given().issued().secret(secret).build());
    one.world.secret = { ...secret, seen: 'live', intact: true, asWanted: false };
    expect(one.run()).toMatchObject({ told: ['lookAtSecret', 'rewrite'], verdict: { reason: 'Issued' } });
    expect(one.restart().run().told).toEqual([]);
  });

  test('whose Secret was written before there were layouts is looked at once by each process, and not written for that', () => {
    const { layout: _, ...ledger } = aLedger();
    const one = story(given().issued().secret(aSecret({ ledger })).build());
    expect(one.run().told).toEqual(['lookAtSecret']);
    expect(one.run().told).toEqual([]);
    expect(one.restart().run().told).toEqual(['lookAtSecret']);
  });

  test('whose spec changes in what does not concern its Secret has that left alone', () => {
    const changed = { permissions: [{ action: 'write', resource: 'sensors' }] } as const;
    const one = story(
      given()
        .issued()
        .inventory([serverToken(1)])
        .build(),
    );
    one.run();
    expect(one.later(HOUR, (o) => given().with(o).edited(changed).build()).run().told).toEqual([
      'lookUp 1',
      'change 1',
    ]);
  });

  test('whose InfluxDBCluster was created anew keeps its token, once the server has shown it', () => {
    const one = story(
      given()
        .issued({ clusterUID: 'former' })
        .inventory([serverToken(1)])
        .build(),
    );
    expect(one.run()).toMatchObject({ told: ['lookAtSecret', 'rewrite'], verdict: { reason: 'Issued' } });
    expect(one.world.secret?.ledger?.fence).toBe(2);
  });

  test('keeps Ready while its cluster does not answer', () => {
    const { verdict } = story(given().issued().unreachable().build()).run();
    expect(verdict).toMatchObject({ reason: 'ClusterUnreachable', standing: true });
  });

  test('with an orphan beside it bumps the fence before it revokes, so that no paused leader can publish that one', () => {
    const orphan = serverToken(7);
    const one = story(
      given()
        .issued()
        .inventory([serverToken(1), orphan])
        .build(),
    );
    one.world.tokens.set(orphan.id, orphan);
    expect(one.run().told).toEqual(['lookAtSecret', 'rewrite', 'lookAtObject', 'lookUp 7', 'revoke 7']);
  });

  test('an orphan waits while the Secret may not be written', () => {
    const orphans = given()
      .issued()
      .inventory([serverToken(1), serverToken(7)]);
    expect(story(orphans.denied().build()).run().told).toEqual([]);
    expect(story(orphans.spec({ suspend: true }).build()).run().told).toEqual([]);
  });
});

describe('where a token cannot be changed in place', () => {
  const inPlace = { changesInPlace: false };

  test('a changed description makes a successor, and what it replaces keeps its overlap', () => {
    const one = story(given().issued().edited({ description: 'New' }).cluster(inPlace).build());
    const { told, verdict, steps, o } = one.run();
    expect(told).toEqual(expect.arrayContaining(['lookUp 1', 'mint: contentChanged', 'publish 101']));
    expect(told).not.toContain('revoke 1');
    expect(verdict.reason).toBe('Issued');
    expect(steps.find((step) => step.do === 'mint')?.request.description).toMatch(/^New \[influxtokens /);
    expect(o.secret).toMatchObject({ ledger: { superseded: [{ id: id(1), revokeAfter: NOW + DAY + 2 * SECOND }] } });
    expect(one.later(DAY + 2 * SECOND).run().told).toContain('revoke 1');
  });

  test('one that stands as asked is left as it is', () => {
    const o = given()
      .issued()
      .cluster(inPlace)
      .inventory([serverToken(1)])
      .build();
    expect(story(o).run().told).toEqual([]);
  });

  test('one that was altered outside gets a successor once', () => {
    const altered = serverToken(1);
    const one = story(given().issued().cluster(inPlace).build());
    one.world.tokens.set(id(1), { ...altered, description: `altered ${altered.description}` });
    const inventory = [{ ...altered, description: `altered ${altered.description}` }];
    expect(one.later(HOUR, (o) => given().with(o).inventory(inventory).build()).run().told).toContain(
      'mint: contentChanged',
    );
    expect(one.later(HOUR).run().told).not.toContain('mint: contentChanged');
  });
});
