// Countries as senders write them → ISO 3166-1 alpha-2.

/** A code in either case. XX and ZZ are how edges say "unknown". */
export function countryOfCode(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^[A-Za-z]{2}$/.test(value)) return undefined;
  const code = value.toUpperCase();
  return code === 'XX' || code === 'ZZ' ? undefined : code;
}

/** English names → codes, as the runtime's Unicode data has them. */
function codesByName(): ReadonlyMap<string, string> {
  const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
  const codes = new Map<string, string>();
  const letters = Array.from({ length: 26 }, (_one, index) => String.fromCharCode(65 + index));
  for (const code of letters.flatMap((first) => letters.map((second) => first + second))) {
    // Codes that are no longer in use stand for their successor: DD for DE.
    const isCurrent = Intl.getCanonicalLocales(`und-${code}`)[0] === `und-${code}`;
    const name = isCurrent ? names.of(code) : undefined;
    if (name !== undefined) codes.set(name.toUpperCase(), code);
  }
  return codes;
}
let codes: ReadonlyMap<string, string> | undefined;

/** An English name, whole; for formats that are documented to write names. */
export function countryOfName(name: string): string | undefined {
  codes ??= codesByName();
  return codes.get(name.toUpperCase());
}
