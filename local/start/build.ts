import { spawn } from 'node:child_process';
import { join } from 'node:path';

const run = (root: string, script: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, script)], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${script} failed:\n${said}`))));
  });

/** The stack runs what users deploy: the bundled app and the bundled probe. Takes about a second. */
export async function buildAll(root: string): Promise<void> {
  await Promise.all([run(root, 'scripts/build.ts'), run(root, 'scripts/build-probe.ts')]);
}
