import type { Context, Scenario } from '../context.ts';
import { finding, type Finding } from '../finding.ts';
import { resourcesOf } from './resource-types.ts';

/** `existing` resources that the same deployment does not make. Subnets are made inside their network. */
function strangers({ deployment, events }: Scenario): Finding[] {
  const all = [...deployment.resources, ...events.resources];
  const made = new Set(
    all
      .filter(({ isExisting }) => !isExisting)
      .map(({ id }) => id.toLowerCase().replace(/\/resourcegroups\/[^/]+/, '')),
  );
  return all
    .filter(
      ({ isExisting, type, id }) =>
        isExisting && !type.endsWith('/subnets') && !made.has(id.toLowerCase().replace(/\/resourcegroups\/[^/]+/, '')),
    )
    .map(({ place, id }) =>
      finding('evaluation', place, [
        'existing resource that nobody makes',
        id.split('/providers/').at(-1) ?? id,
        'the name of a resource of this deployment',
      ]),
    );
}

/** Everything can be evaluated, without going round in circles, and everything is deployed in at least one scenario. */
export function evaluation({ workspace, scenarios }: Context): Finding[] {
  const found = scenarios.flatMap(({ deployment, events }) =>
    [...deployment.faults, ...events.faults].map(({ place, kind, got, expected }) =>
      finding(kind === 'cycle' ? 'cycles' : 'evaluation', place, [
        kind === 'cycle' ? 'needs itself' : 'cannot be evaluated',
        got,
        expected,
      ]),
    ),
  );
  if (found.length > 0) return found;
  found.push(...scenarios.flatMap(strangers));
  const played = new Set(
    scenarios.flatMap(({ deployment, events }) =>
      [...deployment.resources, ...events.resources].map(({ place }) => `${place.file} ${place.line}`),
    ),
  );
  for (const file of workspace.files.values())
    for (const { name, at } of resourcesOf(file))
      if (!played.has(`${file.path} ${at.line}`))
        found.push(
          finding('evaluation', { file: file.path, ...at }, [
            'deployed in no scenario',
            name,
            'a scenario in infra/test/context.ts that deploys it',
          ]),
        );
  return found;
}
