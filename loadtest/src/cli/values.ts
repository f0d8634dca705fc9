import { formatTable } from '@skein/runtime';
import { suggest } from './suggestion.ts';

/** The one of `names` that is given. Throws when it is none or several. `what`: what they are names of. */
export function oneOf(names: readonly string[], given: readonly string[], what: string): string {
  const name = onlyOne(given, what);
  if (names.includes(name)) return name;
  const meant = suggest(name, names);
  throw new Error(
    `there is no ${what} ${name}; ${meant === undefined ? `there are ${names.join(', ')}` : `did you mean ${meant}?`}`,
  );
}

/** The only one given. Throws when there are several. */
export function onlyOne(given: readonly string[], what: string): string {
  const [name, ...more] = given;
  if (name === undefined) throw new Error(`which ${what}?`);
  if (more.length > 0) throw new Error(`one ${what} at a time: ${given.join(' ')}`);
  return name;
}

/** A parser of an option's value: whole numbers from 1 to 999 999 999. Throws on anything else. */
export function wholeNumber(option: string): (text: string) => number {
  return (text) => {
    if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${option} ${text} is not a whole number from 1 on`);
    return Number(text);
  };
}

/** Lines of a help text, such as of scenarios: names, and beside them what they are. */
export function listed(all: readonly { readonly name: string; readonly what: string }[]): string {
  const columns = (['name', 'what'] as const).map((column) => ({
    title: '',
    value: (row: (typeof all)[number]) => row[column],
  }));
  return formatTable(columns, all, { indent: 2 });
}
