/** Text that is markup already. Everything else is escaped where it is put in. */
export interface Markup {
  readonly markup: string;
}

type Part = Markup | string | number | undefined | false | readonly Part[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => ESCAPES[letter] ?? letter);
}

/** A template of markup: what is put in is escaped unless it is markup itself; lists are joined, `undefined` and `false` left out. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const texts = strings.map((text, at) => text + partText(parts[at]));
  return { markup: texts.join('') };
}

function partText(part: Part): string {
  if (part === undefined || part === false) return '';
  if (typeof part === 'string') return escapeText(part);
  if (typeof part === 'number') return String(part);
  return 'markup' in part ? part.markup : part.map(partText).join('');
}

/** Markup that this tool has made itself. */
export function raw(markup: string): Markup {
  return { markup };
}

/** Data for a script of the page: no text of it can end the element that holds it. */
export function embeddedJson(value: unknown): Markup {
  return { markup: (JSON.stringify(value) ?? 'null').replace(/</g, '\\u003c') };
}
