// Management commands, asked over HTTP as a client asks them.
import { startKusto } from '../../local/kusto/http/server.ts';
import { COMMAND_PROBES } from './probes.ts';

export interface CommandSupport {
  /** The parser's name for it. */
  readonly name: string;
  readonly command: string;
  readonly isSupported: boolean;
  readonly reason: string;
}

/** Runs every command probe, in order, on one engine in memory. */
export async function commandSupport(): Promise<CommandSupport[]> {
  const server = await startKusto({ file: ':memory:', port: 0, warmUp: false });
  try {
    const out: CommandSupport[] = [];
    for (const [name, command] of Object.entries(COMMAND_PROBES)) {
      const answer = await fetch(`${server.url}/v1/rest/mgmt`, {
        method: 'POST',
        body: JSON.stringify({ db: 'framewatch', csl: command }),
      });
      const body = (await answer.json()) as { error?: { '@message'?: string } };
      const reason = (body.error?.['@message'] ?? '').split('\n')[0] ?? '';
      out.push({ name, command: command.split('\n')[0] ?? '', isSupported: answer.status === 200, reason });
    }
    return out;
  } finally {
    await server.close();
  }
}
