// What a hook tells: one line a check, and for each failure what was expected, what was found and what to do.

export interface Finding {
  readonly expected: string;
  readonly got: string;
  /** What the reader should do, as a command where there is one. */
  readonly advice: string;
}

export interface Report {
  readonly failures: number;
  /** A plan found work to do. */
  readonly hasDifferences: boolean;
  /** Plain line. */
  readonly note: (text: string) => void;
  ok(what: string, got: string): void;
  /** Worth knowing, no reason to stop. */
  warn(what: string, finding: Finding): void;
  fail(what: string, finding: Finding): void;
  differs(): void;
}

/** A report that writes lines. */
export function reportTo(write: (line: string) => void): Report {
  let failures = 0;
  let hasDifferences = false;
  const problem = (word: string, what: string, { expected, got, advice }: Finding): void => {
    write(`${word} ${what}: got ${got}, expected ${expected}`);
    write(`     → ${advice}`);
  };
  return {
    get failures() {
      return failures;
    },
    get hasDifferences() {
      return hasDifferences;
    },
    differs() {
      hasDifferences = true;
    },
    note: write,
    ok: (what, got) => write(`ok   ${what}: ${got}`),
    warn: (what, finding) => problem('warn', what, finding),
    fail(what, finding) {
      failures++;
      problem('FAIL', what, finding);
    },
  };
}
