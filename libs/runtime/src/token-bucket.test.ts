import { describe, expect, it } from 'vitest';
import { TokenBucket } from './token-bucket.ts';

describe('a token bucket', () => {
  it('a token bucket grants its burst at once, then its rate', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 3 });
    expect([0, 0, 0].map(() => bucket.take(1000))).toEqual([0, 0, 0]);
    expect(bucket.take(1000)).toBe(100);
    expect(bucket.take(1050)).toBe(50);
    expect(bucket.take(1100)).toBe(0);
    expect(bucket.take(1100)).toBe(100);
  });

  it('a token bucket holds no more than its burst, however long it rests', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 2 });
    bucket.take(0, 2);
    expect(bucket.take(3_600_000, 2)).toBe(0);
    expect(bucket.take(3_600_000, 2)).toBe(200);
  });

  it('a token bucket spends nothing when it refuses', () => {
    const bucket = new TokenBucket({ perSecond: 1, burst: 4 });
    bucket.take(0, 2);
    expect(bucket.take(0, 4)).toBe(2000);
    expect(bucket.take(0, 2)).toBe(0);
  });

  it('a token bucket gains nothing from a clock that stands still or steps back', () => {
    const bucket = new TokenBucket({ perSecond: 1000, burst: 1 });
    bucket.take(5000);
    expect(bucket.take(4000)).toBe(1);
    expect(bucket.take(4000)).toBe(1);
  });
});
