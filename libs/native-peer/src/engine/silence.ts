import type { Clock } from '@skein/runtime';
import type { LinkHandlers, OpenLink, PacketLink } from './packet-link.ts';

/**
 * Links that say `disconnected` when nothing more has come for so long: browsers do after some 5 s, libdatachannel after
 * 30. Only for those that receive, and only where somebody always sends: silence is no loss elsewhere.
 */
export function detectingSilence(openLink: OpenLink, clock: Clock, silentAfterMs: number): OpenLink {
  return (direction, handlers) =>
    direction === 'send' ? openLink(direction, handlers) : watched(openLink, handlers, clock, silentAfterMs);
}

function watched(
  openLink: OpenLink,
  handlers: LinkHandlers,
  clock: Clock,
  silentAfterMs: number,
): PacketLink {
  let state: 'new' | 'heard' | 'silent' = 'new';
  let lastMs = 0;
  let timer: Disposable | undefined;
  const watch = (afterMs: number): void => {
    timer = clock.after(afterMs, () => {
      const leftMs = lastMs + silentAfterMs - clock.monotonicMs();
      if (leftMs > 0) return watch(leftMs);
      state = 'silent';
      handlers.changed('disconnected');
    });
  };
  const link = openLink('recv', {
    ...handlers,
    packet: (packet) => {
      lastMs = clock.monotonicMs();
      const before = state;
      state = 'heard';
      if (before !== 'heard') watch(silentAfterMs);
      if (before === 'silent') handlers.changed('connected');
      handlers.packet(packet);
    },
    changed: (path) => {
      if (path === 'failed') timer?.[Symbol.dispose]();
      handlers.changed(path);
    },
  });
  return {
    dtlsParameters: link.dtlsParameters,
    connect: (offer, deadlineMs) => link.connect(offer, deadlineMs),
    send: (packet) => link.send(packet),
    close: () => {
      timer?.[Symbol.dispose]();
      link.close();
    },
  };
}
