// The console of the host: `[time] message`, filtered by the log levels of host.json.

const LEVELS = ['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none'];
const ALIASES: Readonly<Record<string, string>> = {
  verbose: 'trace',
  info: 'information',
  warn: 'warning',
  err: 'error',
  off: 'none',
};

const rankOf = (level: string): number => {
  const name = level.toLowerCase();
  return Math.max(0, LEVELS.indexOf(ALIASES[name] ?? name));
};

export interface HostLog {
  /** Whether a message would be shown; asked before building costly ones. */
  isEnabled(level: string, category: string): boolean;
  write(level: string, category: string, message: string): void;
}

/** Control characters could forge lines or drive the terminal; newlines of stack traces stay. */
const visible = (text: string): string => text.replace(/[^\P{Cc}\t\n]/gu, '·');

/** `logLevel` maps category prefixes to the least level shown; the longest prefix wins. */
export function hostLog(logLevel: Readonly<Record<string, string>>, print: (line: string) => void): HostLog {
  const ranks = new Map<string, number>();
  const rankOfCategory = (category: string): number => {
    const known = ranks.get(category);
    if (known !== undefined) return known;
    const best = Object.keys(logLevel)
      .filter((prefix) => category === prefix || category.startsWith(`${prefix}.`))
      .sort((a, b) => b.length - a.length)[0];
    const rank = rankOf((best === undefined ? logLevel['default'] : logLevel[best]) ?? 'information');
    ranks.set(category, rank);
    return rank;
  };
  const isEnabled = (level: string, category: string): boolean => rankOf(level) >= rankOfCategory(category);
  return {
    isEnabled,
    write(level, category, message) {
      if (isEnabled(level, category)) print(`[${new Date().toISOString()}] ${visible(message)}`);
    },
  };
}
