import type { GatewayProcess } from '@skein/local-cluster';
import { SkeinError } from '@skein/protocol';
import { systemClock, withDeadline } from '@skein/runtime';
import { SignalClient } from '@skein/testkit';
import { movedClients, placesOf } from './places.ts';
import type { Observer } from '../observing/observer.ts';
import type { Client } from '../clients/client.ts';
import { PROBE } from '../clients/client-report.ts';

/** What is away, and without which nobody can join. */
export type Away = 'the store' | 'the bus';

// A gateway may have to wait for its first call to what hangs; from then on it knows.
const FIRST_REFUSAL_MS = 2_500;
const REFUSAL_MS = 500;
/** Then it counts as no answer. */
const ANSWER_DEADLINE_MS = 10_000;
const REFUSED = `${PROBE}-refused`;

interface Attempt {
  readonly room: string;
  readonly identity: string;
  readonly away: Away;
  readonly withinMs: number;
}

/** What is wrong with how these refuse joins while something is away, in words: that they are late, or dead, or let somebody in. */
export async function refusals(
  gateways: readonly GatewayProcess[],
  { room, away }: { readonly room: string; readonly away: Away },
): Promise<string[]> {
  const wrong: string[] = [];
  for (const gateway of gateways) {
    for (const withinMs of [FIRST_REFUSAL_MS, REFUSAL_MS])
      wrong.push(...(await refusal(gateway, { room, identity: REFUSED, away, withinMs })));
    const { status } = await fetch(`${gateway.url}/healthz`);
    if (status !== 200) wrong.push(`${gateway.name} counts as dead (${status}) without ${away}`);
  }
  return wrong;
}

/**
 * The same where the store answers, which joins that are refused must leave as it is: for somebody new, and for one who is
 * in the call, whose own join it would take over.
 */
export async function refusalsWithoutTrace(
  gateways: readonly GatewayProcess[],
  { room, observer, clients }: { room: string; observer: Observer; clients: readonly Client[] },
): Promise<string[]> {
  const away = 'the bus';
  // A gateway that has not noticed yet may place somebody and take it back: in another room.
  const wrong = await refusals(gateways, { room: `${room}-refused`, away });
  const before = await observer.snapshot();
  for (const gateway of gateways) {
    for (const identity of [REFUSED, ...clients.slice(0, 1).map((client) => client.identity)])
      wrong.push(...(await refusal(gateway, { room, identity, away, withinMs: REFUSAL_MS })));
  }
  const after = await observer.snapshot();
  if (!before || before.version !== after?.version)
    wrong.push(
      `joins that were refused changed the room: version ${before?.version}, then ${after?.version}`,
    );
  const identities = clients.map(({ identity }) => identity);
  wrong.push(...movedClients(identities, placesOf(before), placesOf(after), 'a join that was refused'));
  return wrong;
}

async function refusal(
  gateway: GatewayProcess,
  { room, identity, away, withinMs }: Attempt,
): Promise<string[]> {
  const fromMs = systemClock.monotonicMs();
  await using client = await SignalClient.open(gateway.signalUrl);
  const answer = client.join(room, identity).then(
    () => `let ${identity} join without ${away}`,
    (error: unknown) => SkeinError.from(error),
  );
  const noAnswer = new Error(`did not answer a join without ${away}`);
  const outcome = await withDeadline(systemClock, ANSWER_DEADLINE_MS, answer, () => noAnswer).catch(
    () => noAnswer.message,
  );
  const tookMs = Math.round(systemClock.monotonicMs() - fromMs);
  if (typeof outcome === 'string') return [`${gateway.name} ${outcome}`];
  const { code, retryAfterMs } = outcome;
  if (code !== 'UNAVAILABLE' || retryAfterMs === undefined)
    return [`${gateway.name} refused with ${code}, retryAfterMs ${retryAfterMs}`];
  if (tookMs <= withinMs) return [];
  return [`${gateway.name} took ${tookMs} ms to refuse without ${away}, more than ${withinMs}`];
}
