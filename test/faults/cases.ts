// The scenarios of the matrix: faults between the functions and what they depend on, and faults of those who send.
import { FAULTS, type FaultName, type Target } from './catalogue.ts';
import type { Scenario } from './scenario.ts';
import { WIRE_FAULTS } from './tcp-proxy.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** What senders do wrong. */
const SENDERS: readonly Scenario[] = [
  { name: 'clock 30 d ahead', manners: { skewMs: 30 * DAY_MS } },
  { name: 'clock 30 d behind', manners: { skewMs: -30 * DAY_MS } },
  { name: 'clock 1 h ahead', manners: { skewMs: HOUR_MS } },
  { name: 'clock 1 h behind', manners: { skewMs: -HOUR_MS } },
  { name: 'duplicate delivery', manners: { copies: 3 } },
  { name: 'reordered delivery', manners: { isShuffled: true, copies: 2 } },
].map((one) => ({ ...one, target: 'senders' as const, holdMs: 0 }));

/** Storage refuses no rows. */
const isOfKustoOnly = (name: FaultName): boolean => name === '400 permanent';

/** Answers of Kusto at its proxy, of storage at its own, and of both at once. */
export function scenariosOf(target: Target | 'both', holdMs: number): Scenario[] {
  return (Object.keys(FAULTS) as FaultName[])
    .filter((name) => target === 'kusto' || !isOfKustoOnly(name))
    .map((name) => ({
      name,
      target,
      injection: FAULTS[name],
      holdMs,
      ...(isOfKustoOnly(name) ? { manners: { isPoisoned: true }, isOfData: true } : {}),
    }));
}

export const senderScenarios = (): readonly Scenario[] => SENDERS;

/** Between the host's trigger and the hub. */
export const wireScenarios = (holdMs: number): Scenario[] =>
  WIRE_FAULTS.map((wireFault) => ({ name: wireFault, target: 'hub', wireFault, holdMs }));
