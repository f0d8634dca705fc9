/** Adds a token to a `join` or `resume` on its way to the gateway; what else is said stays as it is. */
export function withToken(text: string, token: string | undefined): string {
  if (token === undefined) return text;
  const message = JSON.parse(text) as { readonly method?: string; readonly data?: object };
  if (message.method !== 'join' && message.method !== 'resume') return text;
  return JSON.stringify({ ...message, data: { ...message.data, token } });
}
