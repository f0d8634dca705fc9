import type { MediaSink, MediaSource } from '../media/engine.ts';
import type { Session } from '../sessions/session.ts';
import type { Flow } from '../load/packet-rate.ts';

/** All that is published here, and all that is sent to clients from here, by the source that it comes from. */
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
