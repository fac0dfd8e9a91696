// A share of every proof under faults that fits each test run; the whole is heavy.test.ts. One stack serves all of it.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { randomFrom } from '../../bench/bodies.ts';
import { scenariosOf, senderScenarios, wireScenarios } from './cases.ts';
import { fileLimit, fillDisk } from './disk.ts';
import { blobDoor, httpDoor, hubDoor, shuffled } from './doors.ts';
import { startFaultStack, type FaultStack } from './fault-stack.ts';
import { stopUnderLoad } from './graceful-stop.ts';
import { killDuringHttp } from './kills.ts';
import { overload } from './overload.ts';
import { brokenPromises, runScenario } from './scenario.ts';
import { brokenIn, runSoak } from './soak.ts';

// A machine that is busy with other tests at the same time may need several times as long.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 240_000 });

const HEAVY = Boolean(process.env['FRAMEWATCH_HEAVY']);
const SEED = Number(process.env['FRAMEWATCH_SEED'] ?? 5);
/** Short deadlines, so that a fault of a second already goes all the way to spill and breaker; a call itself has time enough on a busy machine. */
const HASTY = {
  FRAMEWATCH_KUSTO_DEADLINE_MS: '1000',
  FRAMEWATCH_KUSTO_TIMEOUT_MS: '4000',
  FRAMEWATCH_BLOB_GRACE_SECONDS: '0',
};
const HOLD_MS = 1200;
const DRIVE_MS = 300;
const DOORS = [httpDoor, blobDoor, hubDoor];

// The heavy run does all of this at full length.
describe.skipIf(HEAVY)(`faults, a share by seed ${SEED}`, () => {
  let stack: FaultStack;
  beforeAll(async () => {
    stack = await startFaultStack({ env: HASTY });
  });
  afterAll(() => stack?.close());

  const random = randomFrom(SEED);
  const share = [
    ...shuffled(scenariosOf('kusto', HOLD_MS), random).slice(0, 1),
    ...shuffled(scenariosOf('both', HOLD_MS), random).slice(0, 1),
    ...shuffled([...senderScenarios(), ...wireScenarios(HOLD_MS)], random).slice(0, 1),
  ];
  it.each(share.map((scenario) => [scenario.name, scenario.target, scenario] as const))(
    '%s (%s): nothing is lost or twice, the books balance, and all is there after healing',
    async (_name, _target, scenario) => {
      // How long it takes is for the heavy run: this one shares its machine with others.
      const report = await runScenario(stack, DOORS, { ...scenario, driveMs: DRIVE_MS });
      expect(brokenPromises(report, Infinity)).toEqual([]);
    },
  );

  it('SIGTERM under load: not ready first, whoever was in is answered, nothing acknowledged is lost', async () => {
    let report = await stopUnderLoad(stack);
    // The notice is short: a test that stood still meanwhile has heard none of it, and looks again.
    for (let round = 0; round < 3 && !report.readiness.includes(503); round++) report = await stopUnderLoad(stack);
    const { readiness, underWay, late, exitSeconds, short } = report;
    expect(readiness).toContain(503);
    expect(readiness.slice(readiness.indexOf(503))).not.toContain(200);
    expect(Object.keys(underWay).filter((status) => !['202', '503'].includes(status))).toEqual([]);
    expect(Object.keys(late).filter((status) => !['0', '202', '503'].includes(status))).toEqual([]);
    // The host itself ends what has not ended after ten; the rest is a busy machine.
    expect(exitSeconds).toBeLessThan(20);
    expect(short).toEqual([]);
  });

  it('a disk that takes no more, with the spill beside it, and a kill -9: nothing acknowledged is lost', async () => {
    const report = await fillDisk(
      stack,
      fileLimit(stack.databaseDir, () => stack.engine.pid),
      4,
      200,
    );
    expect(Object.keys(report.statuses.full).filter((status) => !['202', '503'].includes(status))).toEqual([]);
    expect(report).toMatchObject({ impolite: 0, short: [], shortAfterKill: [], unaccounted: [] });
  });

  it('kill -9 of the functions: every event answered 202 is there, none twice', async () => {
    expect(await killDuringHttp(stack, 1)).toMatchObject({ short: [], doubled: [], unparseable: 0, unaccounted: [] });
  });

  it('more than it can take: only 202, 429 and 503, nothing acknowledged is lost, and it comes back', async () => {
    const { statuses, short, recoverySeconds } = await overload(stack, {
      times: 5,
      seconds: 1,
      connections: 300,
      promptMs: 20_000,
    });
    expect(Object.keys(statuses).filter((status) => !['202', '429', '503'].includes(status))).toEqual([]);
    expect(short).toEqual([]);
    // Never is Infinity; how long it takes is for the heavy run.
    expect(recoverySeconds).toBeLessThan(Infinity);
  });

  it('a steady load with bad events, resends and a fault: the counters agree (its memory only the long run can judge)', async () => {
    const report = await runSoak(stack, {
      warmUpSeconds: 0,
      seconds: 2,
      faultEverySeconds: 6,
      isDriven: true,
    });
    expect(brokenIn(report)).toEqual([]);
  });
});
