import type { TimerHandler } from '@azure/functions';

/** What the trigger needs of the salts. */
export interface RotatedSalts {
  rotate(): Promise<{ readonly kept: number; readonly destroyed: number }>;
}

/** Makes tomorrow's salt in time and destroys those whose days are over, with or without traffic. */
export function rotateSalts(salts: RotatedSalts): TimerHandler {
  return async (_timer, context) => {
    const { kept, destroyed } = await salts.rotate();
    if (destroyed > 0) context.log(`rotateSalts: ${destroyed} destroyed, ${kept} kept`);
  };
}
