import { secondOpinion } from '../bicep/second-parser.ts';
import type { Context } from '../context.ts';
import { finding, type Finding } from '../finding.ts';

/** Every file is Bicep, to two parsers. */
export function syntax({ workspace }: Context): Finding[] {
  return [...workspace.files.values()].flatMap(({ path, text, fault }) => {
    const bad = fault ?? secondOpinion(text).fault;
    return bad ? [finding('syntax', { file: path, ...bad.at }, ['not Bicep', bad.got, bad.expected])] : [];
  });
}
