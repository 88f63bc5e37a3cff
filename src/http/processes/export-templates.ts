import { finishInSlices } from "../../slices.ts";
import { toIni } from "../../export/to-ini.ts";
import type { Supervisor } from "../../manager/views.ts";
import { TextAnswer } from "../operation/text-answer.ts";

/** The templates as an INI file that starts what runs now. Throws `invalid_config`; see `toIni`. */
export async function exportTemplates(supervisors: readonly Supervisor[]): Promise<TextAnswer> {
  const templates = supervisors.map((supervisor) => {
    const { numprocesses, stopped } = supervisor.status();
    return { ...supervisor.template, numprocesses, start: !stopped };
  });
  return new TextAnswer(await finishInSlices(toIni(templates)), {
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
}
