// Preflight: does Flex Consumption run, in each region, the version of Node that function-app.bicep asks for?
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Arm } from '../support/arm.ts';
import type { HookRun } from '../support/command.ts';
import type { Plan } from './settings.ts';

const FILE = join(import.meta.dirname, '..', '..', 'modules', 'function-app.bicep');

/** Runtime of the Bicep file, as `node 24`. */
function wantedRuntime(): string {
  const [, name, version] = /runtime: \{ name: '(\w+)', version: '([\w.]+)' \}/.exec(readFileSync(FILE, 'utf8')) ?? [];
  if (name === undefined || version === undefined) throw new Error(`${FILE} names no runtime`);
  return `${name} ${version}`;
}

/** Every `functionAppConfigProperties.runtime` under majors, minors and their settings. */
function runtimesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(runtimesIn);
  if (typeof value !== 'object' || value === null) return [];
  const { functionAppConfigProperties: own } = value as {
    functionAppConfigProperties?: { runtime?: { name?: string; version?: string } };
  };
  const found = own?.runtime ? [`${own.runtime.name ?? ''} ${own.runtime.version ?? ''}`] : [];
  return [...found, ...Object.values(value).flatMap(runtimesIn)];
}

/** Asks as the Azure CLI does (`az functionapp list-flexconsumption-runtimes`); an empty answer says nothing. */
export async function checkRuntime(arm: Arm, plan: Plan, { report }: HookRun): Promise<void> {
  const wanted = wantedRuntime();
  for (const region of plan.regions) {
    const stacks = await arm.list(
      `/providers/Microsoft.Web/locations/${region}/functionAppStacks?stack=${wanted.split(' ')[0] ?? ''}&sku=FC1`,
      '2020-10-01',
    );
    const offered = [...new Set(runtimesIn(stacks))];
    if (offered.length === 0) continue;
    if (offered.includes(wanted)) report.ok(`runtime in ${region}`, wanted);
    else
      report.fail(`runtime in ${region}`, {
        expected: `${wanted} on Flex Consumption`,
        got: `only ${offered.join(', ')}`,
        advice: 'write one of these into infra/modules/function-app.bicep; the package is built for Node 22 and later',
      });
  }
}
