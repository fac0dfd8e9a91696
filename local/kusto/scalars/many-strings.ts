import { elementsOf, kindOf, stringOf } from './json-text.ts';

/** `replace_strings`: the first lookup takes its matches in the whole text, the next ones theirs in what is left. A rewrite that is no text keeps the match. */
export function replaceStrings(text: string, lookups: string | null, rewrites: string | null): string | null {
  const wanted = elementsOf(lookups);
  const given = elementsOf(rewrites);
  if (!wanted || !given || wanted.length !== given.length) return null;
  // Pieces at even places are not matched yet, those at odd places are finished.
  let pieces = [text];
  wanted.forEach((element, i) => {
    const lookup = stringOf(element) ?? '';
    if (lookup === '') return;
    const rewrite = stringOf(given[i] ?? null) ?? lookup;
    pieces = pieces.flatMap((piece, place) =>
      place % 2 === 1 ? [piece] : piece.split(lookup).flatMap((rest, k) => (k === 0 ? [rest] : [rewrite, rest])),
    );
  });
  return pieces.join('');
}

const WORD = /[\p{L}\p{N}]/u;

/** Whether the text has the term, in any case of letters: letters and digits must end where it ends. */
function hasTerm(text: string, term: string): boolean {
  const [haystack, needle] = [text.toLowerCase(), term.toLowerCase()];
  for (let at = haystack.indexOf(needle); at >= 0; at = haystack.indexOf(needle, at + 1)) {
    const before = Array.from(haystack.slice(Math.max(0, at - 2), at)).at(-1) ?? ' ';
    const after = String.fromCodePoint(haystack.codePointAt(at + needle.length) ?? 32);
    if (!WORD.test(before) && !WORD.test(after)) return true;
  }
  return false;
}

/** `has_any_index`: place of the first element that the text has as a term, −1 when there is none; null when the lookups are no array. */
export function hasAnyIndex(text: string, lookups: string | null): number | null {
  const elements = elementsOf(lookups);
  if (!elements) return null;
  return elements.findIndex((element) => {
    const term = kindOf(element) === 'null' ? '' : (stringOf(element) ?? element);
    return term !== '' && hasTerm(text, term);
  });
}
