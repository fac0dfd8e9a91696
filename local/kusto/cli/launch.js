// Plain JavaScript for any Node: the programs themselves are TypeScript, which Node runs from 22.18 on.
// An older Node hands over to the one that is installed with this project.

import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Whether this Node runs TypeScript files as they are. */
function runsTypeScript() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major >= 24 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18);
}

/** The `node` package's program, or null when it is not installed. */
function installedNode() {
  try {
    const packageFile = createRequire(import.meta.url).resolve('node/package.json');
    return join(dirname(packageFile), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  } catch {
    return null;
  }
}

/** Runs a TypeScript program next to this file, in this process when it can. */
export async function launch(program) {
  const file = fileURLToPath(new URL(program, import.meta.url));
  if (runsTypeScript()) {
    await import(pathToFileURL(file).href);
    return;
  }
  const node = installedNode();
  if (node === null) {
    process.stderr.write(`Node ${process.versions.node} is too old: this program needs Node 22.18 or newer\n`);
    process.exitCode = 1;
    return;
  }
  const child = spawn(node, [file, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`${node} cannot be started: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128);
  });
}
