import { randomBytes } from 'node:crypto';
import type { Random } from '../random.ts';

export const systemRandom: Random = () => Math.random();

/** Makes ids such as `ses_k3v9…`: a prefix for the kind of thing, then 100 random bits in base32. */
export type IdSource = (prefix: string) => string;

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

export const systemIds: IdSource = (prefix) => {
  let id = `${prefix}_`;
  for (const byte of randomBytes(20)) id += ALPHABET[byte & 31];
  return id;
};
