// Kusto's own numbers for errors, where they are known; the parser library has numbers of its own.

import type { Diagnostic } from './language.ts';

/** Parser codes that say "this is no KQL" rather than "this refers to something that isn't there". */
const SYNTAX_CODES = /^KS00\d$/;
const SYNTAX_MESSAGES = /^(?:Query operator expected|Missing |Unexpected|Expected)/;

/** Whether the text could not be read at all; such errors come before all others, as Kusto binds nothing then. */
export const isSyntaxError = ({ Code, Message }: Diagnostic): boolean =>
  SYNTAX_CODES.test(Code) || SYNTAX_MESSAGES.test(Message);

/** `SYN0002: `, `SEM0100: ` (a name is not resolved), `SEM0260: ` (unknown function); '' where the number is not known. */
export function kustoCodeOf(diagnostic: Diagnostic): string {
  if (isSyntaxError(diagnostic)) return 'SYN0002: ';
  if (/does not refer to any known function\b/.test(diagnostic.Message)) return 'SEM0260: ';
  return diagnostic.Message.includes('does not refer to any known') ? 'SEM0100: ' : '';
}
