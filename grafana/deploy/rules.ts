// Alert rules, group by group.
import { asList, asRecord, differences, read, reasonOf, type Grafana, type Json, type Step } from './port.ts';
import { FOLDER, type RuleGroup } from './wanted.ts';

const at = (group: string): string =>
  `/api/v1/provisioning/folder/${FOLDER.uid}/rule-groups/${encodeURIComponent(group)}`;

const byUid = (rules: readonly Json[]): Json => Object.fromEntries(rules.map((rule) => [String(rule['uid']), rule]));

/** PUT replaces a whole group: a rule that is gone from the file goes from Grafana. */
export async function ruleGroupStep(grafana: Grafana, wanted: RuleGroup): Promise<Step> {
  const held = await read(grafana, at(wanted.title));
  const step = { kind: 'rule group', name: wanted.title } as const;
  const apply = async (): Promise<void> =>
    void (await grafana({ method: 'PUT', path: at(wanted.title), json: wanted }));
  const rules = asList(asRecord(held)['rules']);
  if (held === undefined || rules.length === 0) return { ...step, action: 'create', reason: '', apply };
  const { interval } = asRecord(held);
  const changed = [
    ...(interval === wanted.interval ? [] : ['interval']),
    ...rules
      .filter(({ uid }) => !wanted.rules.some((rule) => rule['uid'] === uid))
      .map(({ uid }) => `${String(uid)} goes`),
    ...differences(byUid(wanted.rules), byUid(rules)),
  ];
  if (changed.length === 0) return { ...step, action: 'same', reason: '' };
  return { ...step, action: 'change', reason: reasonOf(changed), apply };
}

/** Groups of our folder that no file makes any more. */
export async function pruneRuleGroups(grafana: Grafana, wanted: readonly RuleGroup[]): Promise<Step[]> {
  const rules = asList(await read(grafana, '/api/v1/provisioning/alert-rules'));
  const groups = new Set(
    rules.filter(({ folderUID }) => folderUID === FOLDER.uid).map(({ ruleGroup }) => String(ruleGroup)),
  );
  return [...groups]
    .filter((group) => !wanted.some(({ title }) => title === group))
    .map((group): Step => ({
      kind: 'rule group',
      name: group,
      action: 'delete',
      reason: 'no file makes it any more',
      apply: async () => void (await grafana({ method: 'DELETE', path: at(group), allow: [404] })),
    }));
}
