import { isHost, isIpAddress } from './addresses.ts';

/** Exit code for a wrong configuration (`EX_CONFIG` of sysexits.h). */
export const EXIT_CONFIG = 78;

/** One environment variable: its parser, its range, its meaning. */
export interface Setting<Value> {
  readonly env: string;
  /** As in the environment; `undefined` makes the variable required. */
  readonly defaultText: string | undefined;
  /** What is allowed, in words: `a port (0-65535; 0 lets the system choose)`. */
  readonly allowed: string;
  readonly doc: string;
  /** Its value is never printed. */
  readonly secret: boolean;
  /** Throws if the text is not allowed. */
  readonly parse: (text: string) => Value;
}

export type Settings = Readonly<Record<string, Setting<unknown>>>;
export type ConfigOf<Table extends Settings> = {
  readonly [Key in keyof Table]: Table[Key] extends Setting<infer Value> ? Value : never;
};

/** Thrown by `parse` for a text that is not allowed. Its message follows "is not allowed: " and must not show a secret. */
export class NotAllowed extends Error {
  override readonly name = 'NotAllowed';
}

/** A wrong environment variable: its message is one line with name, value and what is allowed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly env: string;

  private constructor(env: string, message: string) {
    super(message);
    this.env = env;
  }

  static invalid(setting: Setting<unknown>, text: string, reason?: string): ConfigError {
    const shown = setting.secret ? '(hidden)' : JSON.stringify(text);
    const why = reason === undefined ? '' : `: ${reason}`;
    return new ConfigError(
      setting.env,
      `${setting.env}=${shown} is not allowed${why}; it takes ${setting.allowed}`,
    );
  }

  /**
   * A valid value that cannot work together with the other settings. `problem` says why, and what to set. Without `value`,
   * as for a secret, the message has the name only.
   */
  static unworkable(env: string, value: string | undefined, problem: string): ConfigError {
    const shown = value === undefined ? '' : `=${JSON.stringify(value)}`;
    return new ConfigError(env, `${env}${shown} cannot work: ${problem}`);
  }

  static missing(setting: Setting<unknown>): ConfigError {
    return new ConfigError(setting.env, `${setting.env} is not set; it takes ${setting.allowed}`);
  }
}

/** Reads every setting of `table` from `env`. An empty variable counts as unset. Throws `ConfigError`. */
export function readConfig<Table extends Settings>(
  table: Table,
  env: Readonly<Record<string, string | undefined>>,
): ConfigOf<Table> {
  const entries = Object.entries(table).map(([key, setting]) => [
    key,
    readSetting(setting, env[setting.env]),
  ]);
  return Object.fromEntries(entries) as ConfigOf<Table>;
}

function readSetting(setting: Setting<unknown>, raw: string | undefined): unknown {
  const text = raw === undefined || raw === '' ? setting.defaultText : raw;
  if (text === undefined) throw ConfigError.missing(setting);
  try {
    // A lone surrogate has no UTF-8 form: a receiver would read another value.
    check(!/\p{Surrogate}/u.test(text));
    return setting.parse(text);
  } catch (error) {
    throw ConfigError.invalid(setting, text, error instanceof NotAllowed ? error.message : undefined);
  }
}

interface Described<Default> {
  readonly default?: Default;
  readonly doc: string;
  readonly secret?: boolean;
}

function define<Value>(
  env: string,
  { doc, secret = false, default: fallback }: Described<unknown>,
  allowed: string,
  parse: (text: string) => Value,
): Setting<Value> {
  return {
    env,
    doc,
    secret,
    allowed,
    parse,
    defaultText: fallback === undefined ? undefined : String(fallback),
  };
}

function check(condition: boolean, reason?: string): void {
  if (!condition) throw reason === undefined ? new RangeError('not allowed') : new NotAllowed(reason);
}

/** The parts of a comma-separated list, without the blanks around them. Rejects empty and repeated parts. */
function partsOf(text: string): string[] {
  if (text === '') return [];
  const parts = text.split(',').map((part) => part.trim());
  check(!parts.includes(''), 'an entry of the list is empty');
  const repeated = parts.find((part, index) => parts.indexOf(part) !== index);
  check(repeated === undefined, `${repeated} is in the list twice`);
  return parts;
}

/** Ports `min` to `max`, both included. */
export interface PortRange {
  readonly min: number;
  readonly max: number;
}

/** Lower ports are reserved for system services. */
const LOWEST_RANGE_PORT = 1024;

/** Factories of settings, one per kind of value. */
export const setting = {
  integer(
    env: string,
    range: { min: number; max: number; unit?: string },
    described: Described<number>,
  ): Setting<number> {
    const { min, max, unit } = range;
    return define(
      env,
      described,
      `a whole number${unit ? ` of ${unit}` : ''} from ${min} to ${max}`,
      (text) => {
        check(/^-?\d+$/.test(text) && Number(text) >= min && Number(text) <= max);
        return Number(text);
      },
    );
  },
  number(env: string, range: { min: number; max: number }, described: Described<number>): Setting<number> {
    return define(env, described, `a number from ${range.min} to ${range.max}`, (text) => {
      const value = Number(text);
      check(text.trim() !== '' && value >= range.min && value <= range.max);
      return value;
    });
  },
  port(env: string, described: Described<number>): Setting<number> {
    return define(env, described, 'a port (0-65535; 0 lets the system choose)', (text) => {
      check(/^\d{1,5}$/.test(text) && Number(text) <= 65535);
      return Number(text);
    });
  },
  /** Read from `MIN-MAX`. */
  portRange(env: string, described: Described<string>): Setting<PortRange> {
    return define(env, described, `two ports MIN-MAX from ${LOWEST_RANGE_PORT} to 65535`, (text) => {
      const [, min, max] = (/^(\d{1,5})-(\d{1,5})$/.exec(text) ?? []).map(Number);
      check(min !== undefined && max !== undefined);
      const range: PortRange = { min: min ?? 0, max: max ?? 0 };
      check(range.min >= LOWEST_RANGE_PORT && range.max <= 65_535);
      check(range.min <= range.max, 'the first port is above the last');
      return range;
    });
  },
  /** An address to listen on. */
  host(env: string, described: Described<string>): Setting<string> {
    return define(env, described, 'an IP address or a host name', (text) => {
      check(isHost(text));
      return text;
    });
  },
  /** One IP address; empty only with an empty default. */
  ip(env: string, described: Described<string>): Setting<string> {
    const optional = described.default === '';
    return define(env, described, `an IP address${optional ? ', or empty' : ''}`, (text) => {
      check((optional && text === '') || isIpAddress(text));
      return text;
    });
  },
  /** IP addresses, separated by commas. */
  ips(env: string, described: Described<string>): Setting<readonly string[]> {
    return define(env, described, 'IP addresses, separated by commas', (text) => {
      const parts = partsOf(text);
      const wrong = parts.find((part) => !isIpAddress(part));
      check(wrong === undefined, `${JSON.stringify(wrong)} is no IP address`);
      return parts;
    });
  },
  /** IP addresses and host names, separated by commas, or nothing. */
  hosts(env: string, described: Described<string>): Setting<readonly string[]> {
    return define(env, described, 'IP addresses or host names, separated by commas, or empty', (text) => {
      const parts = partsOf(text);
      const wrong = parts.find((part) => !isHost(part));
      check(wrong === undefined, `${JSON.stringify(wrong)} is neither`);
      return parts;
    });
  },
  flag(env: string, described: Described<boolean>): Setting<boolean> {
    return define(env, described, '`true` or `false`', (text) => {
      check(text === 'true' || text === 'false');
      return text === 'true';
    });
  },
  text(
    env: string,
    rule: { pattern: RegExp; allowed: string },
    described: Described<string>,
  ): Setting<string> {
    return define(env, described, rule.allowed, (text) => {
      check(rule.pattern.test(text));
      return text;
    });
  },
  /** Text that `check` throws for where it is not allowed. */
  checked(
    env: string,
    rule: { check: (text: string) => unknown; allowed: string },
    described: Described<string>,
  ): Setting<string> {
    return define(env, described, rule.allowed, (text) => {
      rule.check(text);
      return text;
    });
  },
  oneOf<const Choice extends string>(
    env: string,
    choices: readonly Choice[],
    described: Described<Choice>,
  ): Setting<Choice> {
    return define(env, described, `one of ${choices.map((choice) => `\`${choice}\``).join(', ')}`, (text) => {
      check((choices as readonly string[]).includes(text));
      return text as Choice;
    });
  },
  url(env: string, protocols: readonly string[], described: Described<string>): Setting<string> {
    const allowed = `a URL starting with ${protocols.map((protocol) => `\`${protocol}//\``).join(' or ')}`;
    return define(env, described, allowed, (text) => {
      check(protocols.includes(new URL(text).protocol));
      return text;
    });
  },
};

/** The table of `docs/configuration.md` for these settings, as Markdown. */
export function describeSettings(table: Settings): string {
  const rows = Object.values(table).map(({ env, defaultText, allowed, doc }) => {
    const fallback =
      defaultText === undefined ? 'required' : defaultText === '' ? 'empty' : `\`${defaultText}\``;
    return `| \`${env}\` | ${allowed} | ${fallback} | ${doc} |`;
  });
  return ['| variable | allowed | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
}
