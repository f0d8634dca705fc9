/** Subscriptions that a NATS server has, by its monitoring pages. Fails when they do not answer. */
export async function natsSubscriptions(monitorUrl: string): Promise<number> {
  const answer = await fetch(`${monitorUrl}/varz`, { signal: AbortSignal.timeout(2000) });
  const { subscriptions } = (await answer.json()) as { readonly subscriptions?: unknown };
  if (typeof subscriptions !== 'number') throw new Error('NATS does not say how many subscriptions it has');
  return subscriptions;
}
