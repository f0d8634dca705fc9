import type { MediaSink, MediaSource } from '../media/engine.ts';
import type { Session } from '../sessions/session.ts';
import type { Flow } from '../load/packet-rate.ts';

/** The tracks that are published here, and those that are sent to clients, by source. */
export function flowsOf(sessions: readonly Session[]): readonly Flow[] {
  const sinksOf = new Map<MediaSource, MediaSink[]>();
  for (const { media } of sessions) {
    for (const source of media?.publications.sources ?? []) if (!sinksOf.has(source)) sinksOf.set(source, []);
    for (const { source, sink } of media?.subscriptions.flows ?? []) {
      const sinks = sinksOf.get(source);
      if (sinks) sinks.push(sink);
      else sinksOf.set(source, [sink]);
    }
  }
  return [...sinksOf].map(([source, sinks]) => ({ source, sinks }));
}
