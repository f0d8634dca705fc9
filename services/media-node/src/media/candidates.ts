import type { TransportOffer } from '@skein/protocol';
import { canonicalIp } from '@skein/runtime';
import type { ListenAddress } from './engine.ts';

type Candidate = TransportOffer['iceCandidates'][number];

// One step of the local preference (RFC 8445 section 5.1.2.1). The worker leaves 100 between two of its sockets.
const PREFERENCE_STEP = 1 << 8;

/**
 * The candidates that clients get: for each socket of a worker one per announced address, the preferred one first, without
 * duplicates. An address that is not in `listen` stays as it is.
 */
export function announcedCandidates(
  sockets: readonly Candidate[],
  listen: readonly ListenAddress[],
): Candidate[] {
  const known = new Set<string>();
  return sockets.flatMap((socket) =>
    announcedFor(socket, listen).flatMap((address, rank) => {
      const key = `${socket.protocol} ${address} ${socket.port}`;
      // Two sockets with the same port may stand behind one address of a NAT.
      if (known.has(key)) return [];
      known.add(key);
      const priority = socket.priority - rank * PREFERENCE_STEP;
      const foundation = rank === 0 ? socket.foundation : `${socket.foundation}${rank}`;
      return [{ ...socket, foundation, priority, ip: address, address }];
    }),
  );
}

function announcedFor({ ip }: Candidate, listen: readonly ListenAddress[]): readonly string[] {
  const announced = listen.find((one) => canonicalIp(one.ip) === canonicalIp(ip))?.announced ?? [];
  return announced.length === 0 ? [ip] : announced;
}
