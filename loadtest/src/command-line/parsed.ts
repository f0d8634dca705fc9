/** What a command line asks for. `Asked`: what the command does beside telling how it is used, by `kind`. */
export type Parsed<Asked extends { readonly kind: string }> =
  Asked | { readonly kind: 'help' } | { readonly kind: 'refused'; readonly why: string };

/** Runs `parse`; what it throws is the reason for which the command line is refused. */
export function parsedOrRefused<Asked extends { readonly kind: string }>(
  parse: () => Parsed<Asked>,
): Parsed<Asked> {
  try {
    return parse();
  } catch (error) {
    return { kind: 'refused', why: error instanceof Error ? error.message : String(error) };
  }
}

/** The one of `names` that is given. Throws when it is none or several. `what`: what they are names of. */
export function oneOf(names: readonly string[], given: readonly string[], what: string): string {
  const [name, ...more] = given;
  if (name === undefined) throw new Error(`which ${what}?`);
  if (more.length > 0) throw new Error(`one ${what} at a time: ${given.join(' ')}`);
  if (!names.includes(name)) throw new Error(`there is no ${what} ${name}; there are ${names.join(', ')}`);
  return name;
}

/** A count or a seed: whole numbers from 1 to 999 999 999. Throws on anything else. */
export function wholeNumber(option: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${option} ${text} is not a whole number from 1 on`);
  return Number(text);
}

/** Lines of a usage, such as of scenarios: names, and beside them what they are. */
export function listed(all: readonly { readonly name: string; readonly what: string }[]): string {
  const width = Math.max(...all.map(({ name }) => name.length)) + 2;
  return all.map(({ name, what }) => `  ${name.padEnd(width)}${what}`).join('\n');
}
