const NAME_KEY = 'skein.name';

/** The last name in this browser; empty when there is none or storage is unavailable. */
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
    // Private windows may refuse. The user types the name again then.
  }
}
