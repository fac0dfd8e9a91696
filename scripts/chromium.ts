import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** The browser the tests and screenshots drive: CHROME_PATH, then PATH. */
export function findChromium(): string | undefined {
  const named = process.env['CHROME_PATH'];
  if (named) {
    if (!isExecutable(named))
      throw new Error(
        `CHROME_PATH is ${named}, but that is no program that can be run. Set it to Chromium's path or unset it.`,
      );
    return named;
  }
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isExecutable);
}

/** Finds Chromium, or installs Debian's when that is possible, or throws saying what to do. Never answers without a browser. */
export function ensureChromium(): string {
  const found = findChromium();
  if (found) return found;
  const isRoot = process.getuid?.() === 0;
  if (isRoot && spawnSync('apt-get', ['--version']).status === 0) {
    console.log('No Chromium on this machine: installing Debian’s package (about two minutes) …');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env });
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env,
    });
    const installed = findChromium();
    if (installed) return installed;
  }
  throw new Error(
    [
      'The browser tests need Chromium or Chrome, and none was found.',
      '  Debian, Ubuntu: sudo apt-get install chromium',
      '  macOS: brew install --cask google-chrome, then set CHROME_PATH to its program',
      '  elsewhere: set CHROME_PATH to the program',
      'To run the other tests only: npm test -- --no-browser',
    ].join('\n'),
  );
}
