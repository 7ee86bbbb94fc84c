import { isRecord } from "../util/index.ts";
import { Flaw } from "./flaw.ts";
import { jsonObject, optional } from "./kinds.ts";
import { fields, type Shape } from "./shape.ts";

type Settings = Readonly<Record<string, unknown>>;

interface LenientSettings {
  readonly settings?: Settings | undefined;
}

const plain = fields<LenientSettings>({ settings: ["settings", optional(jsonObject)] });

/**
 * Settings to change, by name. A peer may write a `delta` beside them or instead: the same names in an object tagged
 * with the class of that service's settings, of which there are as many as services, so the tag is not asked for. What
 * the class has no field for is in its `extra`. The delta wins.
 */
export const settings: Shape = {
  ...plain,
  read: (data, init, scope) => {
    plain.read(data, init, scope);
    init.settings = { ...(init as LenientSettings).settings, ...deltaOf(data.delta) };
  },
};

function deltaOf(delta: unknown): Settings | undefined {
  if (delta === undefined || delta === null) return undefined;
  if (!isRecord(delta) || !isRecord(delta.__data__)) throw new Flaw("shape", "must be tagged settings").under("delta");
  const { extra, ...named } = delta.__data__;
  return isRecord(extra) ? { ...named, ...extra } : named;
}
