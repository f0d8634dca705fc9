import { describe, expect, it } from 'vitest';
import { handshakeDeadlines, heartbeatDeadlineMs, RoundTrip } from './link-times.ts';

describe('RoundTrip', () => {
  it('is estimated from the welcome until a ping was answered', () => {
    const trip = new RoundTrip(3600);
    expect([trip.usualMs, trip.lastMs]).toEqual([1200, undefined]);
    trip.measured(900);
    expect([trip.usualMs, trip.lastMs]).toEqual([900, 900]);
  });

  it('is the shortest of the last 16 measurements', () => {
    const trip = new RoundTrip(30);
    trip.measured(20);
    for (let count = 0; count < 15; count++) trip.measured(700);
    expect(trip.usualMs).toBe(20);
    trip.measured(800);
    expect([trip.usualMs, trip.lastMs]).toEqual([700, 800]);
  });
});

describe('deadlines for a gateway', () => {
  it('are short on a fast link', () => {
    expect(heartbeatDeadlineMs(40, 2000)).toBe(2000);
    expect(handshakeDeadlines(0, 0)).toEqual({ welcomeMs: 3000, answerMs: 6000 });
  });

  it('cover a round trip of 1.2 s: four until the welcome, and a burst of 2.5 s', () => {
    expect(heartbeatDeadlineMs(1200, 2000)).toBeGreaterThan(2500 + 1200);
    const { welcomeMs, answerMs } = handshakeDeadlines(1200, 0);
    expect(welcomeMs).toBeGreaterThan(4 * 1200);
    expect(welcomeMs + answerMs).toBeLessThan(15_000);
  });

  it('grow when every gateway has failed, up to a bound', () => {
    expect(handshakeDeadlines(100, 1)).toEqual({ welcomeMs: 6000, answerMs: 12_200 });
    expect(handshakeDeadlines(1200, 9)).toEqual({ welcomeMs: 20_000, answerMs: 20_000 });
    expect(heartbeatDeadlineMs(60_000, 2000)).toBe(10_000);
  });

  it('are never shorter than the ping interval of the application', () => {
    expect(heartbeatDeadlineMs(1200, 15_000)).toBe(15_000);
  });
});
