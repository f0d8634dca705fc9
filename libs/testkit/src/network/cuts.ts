/** The machine itself, as the hosts of a network see it: servers, gateways, browsers. */
export const OUTSIDE = 'outside';

/** What is dropped between two hosts, in one direction. */
export interface Cut {
  readonly from: string;
  readonly to: string;
  /** Only this protocol, and only this destination port of it. Default: everything. */
  readonly only?: { readonly protocol: 'tcp' | 'udp'; readonly port?: number };
  /** Share of the packets that is dropped, percent. Default 100. */
  readonly lossPercent?: number;
}

/** Every way into and out of `host`: it is alone then. */
export function cutsAround(host: string, hosts: readonly string[]): Cut[] {
  return [OUTSIDE, ...hosts].filter((other) => other !== host).flatMap((other) => cutsBetween(host, other));
}

export function cutsBetween(one: string, other: string): Cut[] {
  return [
    { from: one, to: other },
    { from: other, to: one },
  ];
}

/**
 * The rules of nftables for one receiver, as one transaction that replaces those of before. Packets are dropped where
 * they arrive: dropped where they leave, the sender would be told (EPERM), which no broken network does.
 */
export function ruleset(table: string, receiver: string, cuts: readonly Cut[], addresses: Addresses): string {
  const rules = cuts.filter(({ to }) => to === receiver).map((cut) => rule(cut, addresses));
  return [
    `table inet ${table} {}`,
    `delete table inet ${table}`,
    ...(rules.length === 0
      ? []
      : [
          `table inet ${table} {`,
          `  chain cuts {`,
          `    type filter hook input priority -10; policy accept;`,
          ...rules.map((line) => `    ${line}`),
          `  }`,
          `}`,
        ]),
    '',
  ].join('\n');
}

/** Each host's address by its name. */
export type Addresses = ReadonlyMap<string, string>;

function rule({ from, only, lossPercent = 100 }: Cut, addresses: Addresses): string {
  const address = addresses.get(from);
  if (address === undefined) throw new Error(`no host ${from} in this network`);
  const parts = [`ip saddr ${address}`];
  if (only)
    parts.push(
      only.port === undefined ? `meta l4proto ${only.protocol}` : `${only.protocol} dport ${only.port}`,
    );
  if (lossPercent < 100) parts.push(`numgen random mod 100 < ${lossPercent}`);
  return [...parts, 'drop'].join(' ');
}
