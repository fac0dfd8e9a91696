import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export interface AppBundle {
  readonly script: string;
  readonly style: string;
}

let bundle: Promise<AppBundle> | undefined;

/** The browser app, bundled in memory once a process (esbuild, well under a second). */
export function buildApp(): Promise<AppBundle> {
  bundle ??= bundleApp();
  return bundle;
}

async function bundleApp(): Promise<AppBundle> {
  const result = await build({
    entryPoints: [fileURLToPath(new URL('app/main.ts', import.meta.url))],
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: 'es2022',
    outdir: 'out',
    legalComments: 'none',
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  const textOf = (suffix: string): string => result.outputFiles.find((file) => file.path.endsWith(suffix))?.text ?? '';
  return { script: textOf('.js'), style: textOf('.css') };
}

/** The page around the app; the app itself reads the path. */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark">
<title>Framewatch</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='7' fill='%23181b1f'/%3E%3Cpath d='M6 20l5-8 5 5 5-11 5 14' fill='none' stroke='%235794f2' stroke-width='3' stroke-linejoin='round' stroke-linecap='round'/%3E%3C/svg%3E">
<link rel="stylesheet" href="/assets/app.css">
</head>
<body><div id="app"></div><script type="module" src="/assets/app.js"></script></body>
</html>
`;

/** Nothing from elsewhere: no scripts, fonts, styles or connections to other hosts. Inline style attributes are the layout's. */
export const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
