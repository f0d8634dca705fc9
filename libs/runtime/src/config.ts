/** Exit code for a wrong configuration (`EX_CONFIG` of sysexits.h). */
export const EXIT_CONFIG = 78;

/** One environment variable: how it is read, what is allowed, what it means. */
export interface Setting<Value> {
  readonly env: string;
  /** As it would stand in the environment; `undefined` makes the variable required. */
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

/** A wrong environment variable: its message is one line with name, value and what is allowed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly env: string;

  private constructor(env: string, message: string) {
    super(message);
    this.env = env;
  }

  static invalid(setting: Setting<unknown>, text: string): ConfigError {
    const shown = setting.secret ? '(hidden)' : JSON.stringify(text);
    return new ConfigError(
      setting.env,
      `${setting.env}=${shown} is not allowed; it takes ${setting.allowed}`,
    );
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
    return setting.parse(text);
  } catch {
    throw ConfigError.invalid(setting, text);
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

function check(condition: boolean): void {
  if (!condition) throw new RangeError('not allowed');
}

/** Makers of settings, one per kind of value. */
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
