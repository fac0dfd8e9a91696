import { scrubText } from '../pipeline/identity.ts';
import { cutSecrets } from '../pipeline/secrets.ts';

// What may stand in a log: one line, bounded, nothing that drives a terminal or forges a line, no secret and no identity.

const LONGEST = 4000;
const CAUSE_LENGTH = 400;

/** Controls, line and paragraph separators, and what turns the direction of text around. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/** Names that are those of secrets in URLs of our own, and of other things elsewhere. */
const OWN_SECRET = /\b(code|k|t|key)(\s{0,4}=\s{0,4}|"\s{0,4}:\s{0,4}")[^\s&;,"']+/gi;

/** In a log nothing behind these words is worth its risk. */
const CREDENTIALS = /\b(bearer|basic|sharedkey)(\s{1,4})\S+/gi;

const withoutSecrets = (text: string): string =>
  cutSecrets(text).replace(OWN_SECRET, '$1$2…').replace(CREDENTIALS, '$1$2…');

/** Any text as one line of a log. */
export function safeLine(text: unknown): string {
  const line = (typeof text === 'string' ? text : String(text)).slice(0, LONGEST).toWellFormed();
  const seen = line.replace(UNSEEN, (character) =>
    character === '\n' ? '\\n' : `\\u${character.codePointAt(0)?.toString(16).padStart(4, '0')}`,
  );
  const shown = withoutSecrets(seen);
  return shown.length > LONGEST ? `${shown.slice(0, LONGEST - 1).toWellFormed()}…` : shown;
}

/** What an error says, for a log. Messages quote what they stumbled over, so identity is taken out of them. */
export function causeOf(error: unknown): string {
  const text =
    error instanceof Error ? `${error.name}: ${error.message}` : typeof error === 'string' ? error : 'no error object';
  return safeLine(scrubText(withoutSecrets(text.slice(0, LONGEST)))).slice(0, CAUSE_LENGTH);
}
