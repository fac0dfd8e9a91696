import type { Summary } from './books.ts';
import { type Incident, labelOf } from './incident.ts';
import type { Progress } from './progress.ts';
import { scopeText } from './scenario.ts';
import { SCENARIOS, scenarioOf } from './scenarios/registry.ts';

const WIDTH = 24;
const whole = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });
const clock = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ');

const lengthText = (seconds: number): string => {
  const rounded = Math.ceil(seconds);
  return rounded < 90 ? `${rounded} s` : `${Math.floor(rounded / 60)} min ${String(rounded % 60).padStart(2, '0')} s`;
};

/** One line: bar, rate, time left. */
export const progressLine = (progress: Progress): string => {
  const { phase, at, sessions, events, duplicate, retries, eventsPerSecond, fraction, etaSeconds } = progress;
  const filled = Math.round((fraction ?? 0) * WIDTH);
  const bar =
    fraction === undefined
      ? ''
      : ` [${'█'.repeat(filled)}${'·'.repeat(WIDTH - filled)}] ${String(Math.floor(fraction * 100)).padStart(3)} %`;
  const left = etaSeconds === undefined || fraction === 1 ? '' : `, ${lengthText(etaSeconds)} left`;
  const extras = [
    duplicate > 0 ? `${whole.format(duplicate)} duplicates` : '',
    retries > 0 ? `${retries} retries` : '',
  ].filter(Boolean);
  const tail = extras.length > 0 ? ` (${extras.join(', ')})` : '';
  return `${phase}${bar} ${clock(at)}Z  ${whole.format(sessions)} sessions, ${whole.format(events)} events, ${whole.format(eventsPerSecond)}/s${left}${tail}`;
};

export const scenarioList = (): string =>
  SCENARIOS.map(({ id, summary }) => `  ${id.padEnd(14)} ${summary}`).join('\n');

/** What happens when, and what to look at. */
export const announcement = (scenario: string, incidents: readonly Incident[], seed: string): string => {
  const what = incidents.map((incident) => {
    const until = `${clock(incident.start)}Z to ${clock(incident.end)}Z`;
    return `  ${incident.scenario}: ${scopeText(incident.scope)}, ${until}\n  label ${JSON.stringify(labelOf(incident, seed))}`;
  });
  const watch = scenarioOf(scenario)
    .watch(incidents)
    .map((line) => `  ${line}`);
  return [...(what.length > 0 ? ['Incident', ...what] : []), 'Watch', ...watch].join('\n');
};

export const summaryText = (summary: Summary): string => {
  const {
    sessions,
    blobSessions,
    events,
    byTable,
    stalls,
    accepted,
    rejected,
    duplicate,
    requests,
    retries,
    bytes,
    blobs,
    blobLines,
    seconds,
  } = summary;
  const mean = (count: number): string => whole.format(count / Math.max(seconds, 0.001));
  return [
    `Sent in ${lengthText(seconds)}`,
    `  ${whole.format(sessions)} sessions through the HTTP door: ${whole.format(events)} events (${whole.format(byTable.PlaybackBeats)} heartbeats, ${whole.format(byTable.PlaybackEvents)} others), ${whole.format(stalls)} stalls; ${mean(events)} events/s`,
    `  ${whole.format(accepted)} accepted, ${whole.format(rejected)} rejected, ${whole.format(duplicate)} duplicates; ${whole.format(requests)} requests, ${whole.format(retries)} retries, ${whole.format(bytes / 1e6)} MB`,
    `  ${whole.format(blobSessions)} sessions as ${whole.format(blobs)} ACME blobs with ${whole.format(blobLines)} lines`,
  ].join('\n');
};
