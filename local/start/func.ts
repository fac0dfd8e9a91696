// `npm start -- --func`: Azure Functions Core Tools in place of our host. It inherits the settings from the environment, which win over local.settings.json.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const port = process.argv[process.argv.indexOf('--port') + 1] ?? '7071';

if (spawnSync('func', ['--version']).status !== 0) {
  console.error(
    '--func needs Azure Functions Core Tools on the PATH: npm install --global azure-functions-core-tools@4 (or leave --func out).',
  );
  process.exit(1);
}
const func = spawn('func', ['start', '--port', port, '--no-build'], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
});
const end = (): void => void func.kill('SIGINT');
process.on('SIGTERM', end);
process.on('disconnect', end);
func.once('exit', (code) => process.exit(code ?? 1));
