import { UserError } from './user-error.mjs';

/**
 * Reads `--name VALUE` and `--name=VALUE` options that take whole numbers, and `--help`.
 * @param {Record<string, { default: number, min: number, max: number, doc: string }>} options by name
 * @returns the value of each option, or `'help'`
 * @throws {UserError} with exit code 2 and a usage line
 */
export function parseNumbers(args, options, command) {
  const values = Object.fromEntries(Object.entries(options).map(([name, option]) => [name, option.default]));
  const wrong = (problem) => new UserError(`${problem}\n${usageLine(options, command)}`, { exitCode: 2 });
  const rest = [...args];
  while (rest.length > 0) {
    const arg = rest.shift();
    if (arg === '--help' || arg === '-h') return 'help';
    const [, name, attached] = /^--([a-z-]+)(?:=(.*))?$/s.exec(arg) ?? [];
    const option = Object.hasOwn(options, name ?? '') ? options[name] : undefined;
    if (!option) throw wrong(`unknown option: ${arg}`);
    const text = attached ?? rest.shift() ?? '';
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < option.min || value > option.max) {
      throw wrong(`--${name} takes a whole number from ${option.min} to ${option.max}, not '${text}'`);
    }
    values[name] = value;
  }
  return values;
}

export function usageLine(options, command) {
  return `usage: ${command} ${Object.keys(options)
    .map((name) => `[--${name} N]`)
    .join(' ')} [--help]`;
}

/** The usage line and what each option means. */
export function helpText(options, command, intro) {
  const rows = Object.entries(options).map(
    ([name, option]) => `  ${`--${name} N`.padEnd(18)}${option.doc} (default ${option.default})`,
  );
  return [usageLine(options, command), '', intro, '', ...rows].join('\n');
}
