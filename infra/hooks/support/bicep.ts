// The Bicep compiler: the one on PATH, the one azd keeps, or the one of the Azure CLI.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

type Command = readonly [string, ...string[]];

const azdBicep = (): string =>
  join(
    process.env['AZD_CONFIG_DIR'] ?? join(homedir(), '.azd'),
    'bin',
    process.platform === 'win32' ? 'bicep.exe' : 'bicep',
  );

function candidates(file: string): Command[] {
  const own = azdBicep();
  return [
    ['bicep', 'build', file, '--stdout'],
    ...(existsSync(own) ? [[own, 'build', file, '--stdout'] as const] : []),
    ['az', 'bicep', 'build', '--file', file, '--stdout'],
  ];
}

/** ARM template of a Bicep file. */
export function compileBicep(file: string): unknown {
  const tried: string[] = [];
  for (const [command, ...args] of candidates(file)) {
    const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 << 20 });
    if (status === 0) return JSON.parse(stdout);
    tried.push(`${command}: ${error === undefined ? stderr.trim().slice(0, 300) : 'not found'}`);
  }
  throw new Error(
    `${file} could not be compiled. Install Bicep (azd brings it, or: az bicep install)\n  ${tried.join('\n  ')}`,
  );
}
