import type { Command } from './commands.ts';

/** `90d` as Kusto stores it. */
const timespan = (days: string): string => `${days}.00:00:00`;

const fail = (command: Command): never => {
  throw new Error(`${command.file}:${command.line}: this policy cannot be compared: ${command.text}`);
};

/** The properties that a policy's command asks for, named and valued as `.show … policy` answers. */
export function wantedPolicy(command: Command): Record<string, unknown> {
  const { text } = command;
  switch (command.detail) {
    case 'streamingingestion':
      return text.endsWith(' enable') ? { IsEnabled: true } : fail(command);
    case 'retention': {
      const match = /softdelete = (\d+)d recoverability = (enabled|disabled)$/.exec(text);
      return match
        ? {
            SoftDeletePeriod: timespan(match[1] ?? ''),
            Recoverability: match[2] === 'enabled' ? 'Enabled' : 'Disabled',
          }
        : fail(command);
    }
    case 'caching': {
      const match = /hot = (\d+)d$/.exec(text);
      return match ? { DataHotSpan: timespan(match[1] ?? '') } : fail(command);
    }
    case 'ingestionbatching': {
      const match = /@'(\{[^']*\})'$/.exec(text);
      return match ? (JSON.parse(match[1] ?? '{}') as Record<string, unknown>) : fail(command);
    }
    default:
      return fail(command);
  }
}
