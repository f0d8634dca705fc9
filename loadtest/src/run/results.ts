import type { LoadDocument } from '../report/document.ts';
import { htmlReport } from '../report/html/page.ts';
import { summaryText } from '../report/summary-text.ts';

export interface ResultFiles {
  readonly json: string | undefined;
  readonly report: string | undefined;
}

export interface ResultPlaces {
  readonly print: (text: string) => void;
  /** Throws when the file cannot be written. */
  readonly write: (file: string, text: string) => void;
}

/**
 * Leaves behind what was measured: the summary first, then each file on its own, so that a full disk takes no more than what it has
 * no room for. Returns a line for each file that could not be written.
 */
export function leaveResults(
  document: LoadDocument,
  { json, report }: ResultFiles,
  { print, write }: ResultPlaces,
): string[] {
  print(`${summaryText(document)}\n`);
  const texts = [
    { file: json, text: () => `${JSON.stringify(document)}\n` },
    { file: report, text: () => htmlReport(document) },
  ];
  return texts.flatMap(({ file, text }) => {
    if (file === undefined) return [];
    try {
      write(file, text());
      return [];
    } catch (error) {
      return [`${file} could not be written: ${error instanceof Error ? error.message : String(error)}`];
    }
  });
}
