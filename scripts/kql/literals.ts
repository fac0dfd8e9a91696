/** A KQL string literal. JSON's escapes are KQL's, so that no value ends the literal early. */
export const textLiteral = (text: string): string => JSON.stringify(text.toWellFormed());

/** The members of an `in (…)`. */
export const textList = (texts: readonly string[]): string => texts.map(textLiteral).join(', ');

/** A KQL literal of an instant. */
export const timeLiteral = (at: Date): string => `datetime(${at.toISOString()})`;
