// Starts the engine alone: `npx framewatch-kusto`, `node local/kusto/main.ts`.

import { enableCompileCache } from 'node:module';

// Compiled scripts are kept between starts; so everything else is imported after this line.
enableCompileCache();
const { serve } = await import('./cli/serve.ts');
process.exitCode = await serve(process.argv.slice(2));
