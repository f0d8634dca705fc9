import { SkeinError } from '@skein/protocol';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import { describe, expect, it } from 'vitest';
import { type Admission, type Credentials, OpenAdmission } from '../../participants/admission.ts';
import { Clients } from '../../participants/clients.ts';
import type { Entrance } from '../../participants/entrance.ts';
import { FakeNetwork, FakeSocket } from '../../testing/fake-socket.ts';
import type { HttpHead } from '../web/http.ts';
import { WebSocketEdge } from './websocket-edge.ts';

const rate = { perSecond: 1, burst: 1 };

function setUp(admission: Admission = new OpenAdmission(() => 'usr_1', { nodeChoice: false })) {
  const clock = new FakeClock();
  const clients = new Clients(clock);
  const network = new FakeNetwork();
  const edge = new WebSocketEdge(
    { maxConnections: 2, gatewayUrls: [], joinDeadlineMs: 1000, rates: { changes: rate, syncs: rate } },
    { admission, clients, clock, broadcaster: network, entrance: {} as Entrance, log: silentLogger },
  );
  return { edge, clients, network };
}

function upgradeRequest(headers: readonly (readonly [string, string])[] = []): HttpHead {
  return { method: 'GET', path: '/v1/signal', query: '', headers: new Map(headers) };
}

describe('the WebSocket edge', () => {
  it('a connection counts from its upgrade to its close or abort', async () => {
    const { edge, clients, network } = setUp();
    const upgrades = await Promise.all([1, 2, 3].map(() => edge.upgrade(upgradeRequest())));
    expect(upgrades.map(({ kind }) => kind)).toEqual(['accepted', 'accepted', 'refused']);
    expect(upgrades[2]).toMatchObject({ response: { status: 503 } });
    const [first, second] = upgrades;
    if (first?.kind !== 'accepted' || second?.kind !== 'accepted') throw new Error('refused');
    const handler = first.open(new FakeSocket(network));
    expect(clients.size).toBe(1);
    second.abandon();
    expect((await edge.upgrade(upgradeRequest())).kind).toBe('accepted');
    expect((await edge.upgrade(upgradeRequest())).kind).toBe('refused');
    handler.handleClosed(1000);
    expect(clients.size).toBe(0);
    expect((await edge.upgrade(upgradeRequest())).kind).toBe('accepted');
    edge.close();
  });

  it("admission gets the bearer token, and its error's status refuses the upgrade", async () => {
    const seen: Credentials[] = [];
    const { edge } = setUp({
      admitConnection: async (credentials) => {
        seen.push(credentials);
        if (credentials.token !== 'right') throw new SkeinError('PERMISSION_DENIED', 'wrong token');
        await Promise.resolve();
      },
      admitJoin: () => Promise.reject(new Error('not reached')),
    });
    for (let attempt = 0; attempt < 5; attempt++) {
      const refused = await edge.upgrade(upgradeRequest([['authorization', 'Bearer wrong']]));
      expect(refused).toMatchObject({ kind: 'refused', response: { status: 403 } });
    }
    const accepted = await edge.upgrade(upgradeRequest([['authorization', 'bearer right']]));
    expect(accepted.kind).toBe('accepted');
    expect((await edge.upgrade(upgradeRequest())).kind).toBe('refused');
    expect(seen.slice(-2)).toEqual([{ token: 'right' }, {}]);
    edge.close();
  });
});
