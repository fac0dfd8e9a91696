import { scrubText } from '../pipeline/identity.ts';

// What may stand in a log: one line, bounded, nothing that drives a terminal or forges a line, no secret and no identity.

const LONGEST = 4000;
const CAUSE_LENGTH = 400;

/** Controls, line and paragraph separators, and what turns the direction of text around. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/** Secrets as they stand in URLs, headers and connection strings. */
const SECRETS: readonly RegExp[] = [
  /\b(sig|code|k|t|key|secret|password|pwd|access_token|client_secret|(?:account|shared|access|instrumentation)[\w-]*key)(\s{0,4}=\s{0,4}|"\s{0,4}:\s{0,4}")[^\s&;,"']+/gi,
  /\b(bearer|basic|sharedkey|sharedaccesssignature)(\s+)\S+/gi,
];
/** A JSON web token, whatever stands before it. */
const JWT = /\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g;

const withoutSecrets = (text: string): string =>
  SECRETS.reduce((rest, pattern) => rest.replace(pattern, '$1$2…'), text).replace(JWT, '…');

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
