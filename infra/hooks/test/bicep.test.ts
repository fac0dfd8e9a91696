import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compileBicep } from '../support/bicep.ts';

let folder: string;
const before = { PATH: process.env['PATH'], AZD_CONFIG_DIR: process.env['AZD_CONFIG_DIR'] };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'framewatch-bicep-'));
  mkdirSync(join(folder, 'azd', 'bin'), { recursive: true });
  process.env['PATH'] = folder;
  process.env['AZD_CONFIG_DIR'] = join(folder, 'azd');
});
afterEach(() => {
  for (const [name, value] of Object.entries(before))
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  rmSync(folder, { recursive: true, force: true });
});

/** A compiler that answers with its own name and arguments. */
function put(path: string, body = `echo "{\\"by\\":\\"$0 $*\\"}"`): void {
  writeFileSync(join(folder, path), `#!/bin/sh\n${body}\n`);
  chmodSync(join(folder, path), 0o755);
}

describe('the Bicep compiler', () => {
  it('is the one on the PATH, else the one that azd keeps, else the Azure CLI’s', () => {
    put('az');
    expect(compileBicep('x.bicep')).toEqual({ by: `${join(folder, 'az')} bicep build --file x.bicep --stdout` });
    put('azd/bin/bicep');
    expect(compileBicep('x.bicep')).toEqual({ by: `${join(folder, 'azd/bin/bicep')} build x.bicep --stdout` });
    put('bicep');
    expect(compileBicep('x.bicep')).toEqual({ by: `${join(folder, 'bicep')} build x.bicep --stdout` });
  });

  it('tells what each of them said when none compiles', () => {
    put('bicep', 'echo "x.bicep(3,1): Error BCP007" >&2; exit 1');
    expect(() => compileBicep('x.bicep')).toThrow(
      /az bicep install[\s\S]*bicep: x\.bicep\(3,1\): Error BCP007[\s\S]*az: not found/,
    );
  });
});
