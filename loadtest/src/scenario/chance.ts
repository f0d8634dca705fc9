import { seededRandom, type Random } from '@skein/runtime';

/** A source of chance of its own for each name (FNV-1a of it, mixed with the seed). */
export function randomOf(seed: number, name: string): Random {
  let hash = 0x811c9dc5;
  for (const letter of name) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  return seededRandom((hash ^ Math.imul(seed, 0x9e3779b1)) >>> 0);
}
