/**
 * Removes secrets and personal data from a log line: IP addresses with their ports, tokens, passwords, media keys, SDP and ICE
 * candidates. Works on the serialized line, so that no field, message or library error bypasses it. A line of JSON remains
 * valid JSON, including strings that hold JSON themselves.
 */
export function scrubLine(line: string): string {
  return RULES.reduce((text, { pattern, instead }) => text.replace(pattern, instead), line);
}

interface Rule {
  readonly pattern: RegExp;
  readonly instead: string;
}

const SECRET_FIELDS = [
  ...['authorization', 'credential', 'keyBase64', 'password', 'secret', 'sdp', 'token', 'accessToken'],
  ...['resumeToken', 'icePwd', 'usernameFragment', 'cookie'],
];

const FIELD = `(${SECRET_FIELDS.join('|')})`;
const SECRET_FIELD = new RegExp(String.raw`"${FIELD}"\s*:\s*"(?:[^"\\]|\\.)*"`, 'gi');
// JSON inside a string of the line: each of its quotes and backslashes has one more backslash.
const NESTED_SECRET_FIELD = new RegExp(
  String.raw`\\"${FIELD}\\"\s*:\s*\\"(?:[^"\\]|\\\\(?:\\["\\]|[^"\\]))*\\"`,
  'gi',
);

/** The rest of a JSON string. */
const REST_OF_STRING = String.raw`(?:[^"\\]|\\.)*`;
const SDP = new RegExp(String.raw`v=0(?:\\+r|\r)?(?:\\+n|\n)${REST_OF_STRING}`, 'g');
// RFC 8839 section 5.1: foundation, component, transport, priority, address, port, ...
const ICE_CANDIDATE = /(?:a=)?candidate:[\w+/]+ \d+ (?:udp|tcp) \d+[^"\\\r\n]*/gi;

const JWT = /eyJ[\w-]{5,}\.[\w-]+\.[\w-]*/g;
const BEARER = /(bearer)\s+[\w.~+/=-]+/gi;
const QUERY_SECRET = /([?&](?:access_)?(?:token|key|secret)=)[^&\s"\\]+/gi;
const URL_CREDENTIALS = /(?<=:\/\/)[^\s/@"\\]+(?=@)/g;
// RFC 4568: the key of an SDP `a=crypto` line.
const INLINE_KEY = /inline:[\w+/=|:]+/g;

const OCTET = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const IPV4 = `${OCTET}(?:\\.${OCTET}){3}`;
const HEX = '[0-9a-f]{1,4}';
// RFC 4291 section 2.2: eight groups, or fewer around `::`, the last two perhaps written as IPv4. A bare `::` is left alone.
const IPV6 = [
  `(?:${HEX}:){6}${IPV4}`,
  `(?:${HEX}:){7}${HEX}`,
  `(?:${HEX}(?::${HEX}){0,5})?::(?:${HEX}:){0,5}${IPV4}`,
  `(?:${HEX}(?::${HEX}){0,6})?::${HEX}(?::${HEX}){0,6}`,
  `${HEX}(?::${HEX}){0,6}::`,
].join('|');
// Not inside a word, but after the escape of a line break, whose letter looks like one.
const NO_WORD_BEFORE = String.raw`(?<=^|[^\w:]|\\[nrtbf]|\\u[0-9a-f]{4})`;
const IPV6_WITH_PORT = new RegExp(
  `${NO_WORD_BEFORE}(?:\\[(?:${IPV6})(?:%[\\w.-]+)?\\](?::\\d{1,5})?|(?:${IPV6})(?:%[\\w.-]+)?)(?![\\w:])`,
  'gi',
);
const IPV4_WITH_PORT = new RegExp(`(?:(?<![\\d.])|(?<=\\\\u[0-9a-f]{4}))${IPV4}(?::\\d{1,5})?(?!\\d)`, 'g');

/** In this order: rules for text that contains other secrets come first. */
const RULES: readonly Rule[] = [
  { pattern: SECRET_FIELD, instead: '"$1":"[hidden]"' },
  { pattern: NESTED_SECRET_FIELD, instead: String.raw`\"$1\":\"[hidden]\"` },
  { pattern: SDP, instead: '[sdp]' },
  { pattern: ICE_CANDIDATE, instead: '[candidate]' },
  { pattern: JWT, instead: '[token]' },
  { pattern: BEARER, instead: '$1 [token]' },
  { pattern: QUERY_SECRET, instead: '$1[hidden]' },
  { pattern: URL_CREDENTIALS, instead: '[hidden]' },
  { pattern: INLINE_KEY, instead: 'inline:[key]' },
  { pattern: IPV6_WITH_PORT, instead: '[ip]' },
  { pattern: IPV4_WITH_PORT, instead: '[ip]' },
];
