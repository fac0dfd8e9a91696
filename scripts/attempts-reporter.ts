// A reporter beside vitest's own. It writes down how each file came out, so that `npm test` can run those that did not pass again in a
// process of their own and say how many tests there were in all processes together; and it prints what made a retried test fail at first,
// which vitest keeps to itself once the test has passed.
import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node';

/** How a test file came out. */
export interface FileResult {
  readonly project: string;
  readonly file: string;
  /** Number of its tests. */
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** The first thing that was wrong with it; none when it passed. */
  readonly reason: string | undefined;
}

const nameOf = (file: string): string => relative(process.cwd(), file);

/** The message and the place in the test, without the frames of libraries. */
const reasonOf = ({ message, stack }: { readonly message: string; readonly stack?: string | undefined }): string => {
  const place = stack?.split('\n').find((line) => /^\s+at .*\.test\.ts:\d+/.test(line)) ?? '';
  return `${message}${place === '' ? '' : `\n${place}`}`;
};

function reasonsOf(module: TestModule): string[] {
  const tests = [...module.children.allTests('failed')].map((test) => {
    const [error] = test.result().errors ?? [];
    return `${test.fullName}: ${error === undefined ? 'failed' : reasonOf(error)}`;
  });
  const suites = [module, ...module.children.allSuites()].flatMap((suite) => suite.errors().map(reasonOf));
  return [...tests, ...suites];
}

/** @see https://vitest.dev/api/advanced/reporters */
export default class AttemptsReporter implements Reporter {
  readonly #list = process.env['FRAMEWATCH_FILE_RESULTS'];

  onTestCaseResult(test: TestCase): void {
    const { state, errors = [] } = test.result();
    if (state !== 'passed' || errors.length === 0) return;
    const reasons = errors.map(reasonOf).join('\n');
    console.error(`\nRETRIED ${nameOf(test.module.moduleId)} > ${test.fullName}: it passed after\n${reasons}\n`);
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    if (this.#list === undefined) return;
    // An error that belongs to no file is nothing that a second attempt at a file could clear up: then no file is to blame.
    const homeless = unhandled.some((error) => !modules.some(({ moduleId }) => moduleId === error['VITEST_TEST_PATH']));
    for (const module of modules) {
      const strays = unhandled.filter((error) => error['VITEST_TEST_PATH'] === module.moduleId).map(reasonOf);
      const [reason = 'failed'] = [...reasonsOf(module), ...strays];
      const isFine = homeless || (module.ok() && strays.length === 0);
      const count = (state: 'passed' | 'failed' | 'skipped'): number => [...module.children.allTests(state)].length;
      const result: FileResult = {
        project: module.project.name,
        file: nameOf(module.moduleId),
        passed: count('passed'),
        failed: count('failed'),
        skipped: count('skipped'),
        reason: isFine ? undefined : reason,
      };
      appendFileSync(this.#list, `${JSON.stringify(result)}\n`);
    }
  }
}
