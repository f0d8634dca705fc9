import { parseArgs } from 'node:util';
import { parsedOrRefused, type Parsed } from '../command-line/parsed.ts';

export const usage = `Usage: npm run smoke -- [--json] [--url URL --control HOST:PORT]

Puts three headless browsers on three media nodes and checks that each sees and hears the others.
Starts a cluster of its own, or takes the one whose gateway is at --url and whose control service
(gRPC) is at --control. Exit code 1 when something is not as it should be.

  --json            print the figures as one JSON document, as the last line
  --url URL         a gateway, such as http://localhost:8080
  --control ADDR    control of that cluster; default 127.0.0.1:7000`;

export interface SmokeArguments {
  readonly json: boolean;
  /** A cluster that runs already. */
  readonly target: { readonly url: string; readonly controlAddress: string } | undefined;
}

export function parseSmokeArguments(
  args: readonly string[],
): Parsed<{ readonly kind: 'run'; readonly smoke: SmokeArguments }> {
  return parsedOrRefused(() => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean', default: false },
        url: { type: 'string' },
        control: { type: 'string', default: '127.0.0.1:7000' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return { kind: 'help' };
    if (values.url !== undefined && !/^https?:\/\//.test(values.url)) {
      return { kind: 'refused', why: `--url ${values.url} is not a URL starting with http:// or https://` };
    }
    const target =
      values.url === undefined
        ? undefined
        : { url: values.url.replace(/\/$/, ''), controlAddress: values.control };
    return { kind: 'run', smoke: { json: values.json, target } };
  });
}
