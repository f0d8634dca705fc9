/** One or two letters for a participant without a picture. */
export function initialsOf(name: string): string {
  const words = name
    .trim()
    .split(/[\s._-]+/u)
    .filter((word) => word !== '');
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  const initials = letters.map((word) => firstLetter(word ?? '')).join('');
  return initials === '' ? '?' : initials.toLocaleUpperCase();
}

/** A number from 0 to `hues` - 1, the same for an identity in every browser. */
export function hueOf(identity: string, hues: number): number {
  let hash = 7;
  for (const letter of identity) hash = (Math.imul(hash, 31) + (letter.codePointAt(0) ?? 0)) >>> 0;
  return hash % hues;
}

// By code point: half of a surrogate pair is not a letter.
function firstLetter(word: string): string {
  const codePoint = word.codePointAt(0);
  return codePoint === undefined ? '' : String.fromCodePoint(codePoint);
}
