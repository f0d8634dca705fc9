const NAME_KEY = 'skein.name';

/** The name used last in this browser; empty when there is none or the browser keeps nothing. */
export function rememberedName(): string {
  try {
    return localStorage.getItem(NAME_KEY) ?? '';
  } catch {
    return '';
  }
}

export function rememberName(name: string): void {
  try {
    localStorage.setItem(NAME_KEY, name);
  } catch {
    // Private windows may refuse; the name is then typed again.
  }
}
