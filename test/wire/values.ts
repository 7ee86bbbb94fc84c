import fc, { type Arbitrary } from "fast-check";

export const text = fc.string({ unit: "binary", maxLength: 12 });
export const flag = fc.boolean();
export const maybe = <T>(arbitrary: Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
export const count = fc.integer({ min: 1, max: 96_000 });
export const moment = fc.integer({ min: 0, max: 4_000_000_000_000 });
export const unsendable = /__proto__|__type__|__data__/;

/** JSON as a peer gets it: what -0 and the like become on the way is not the serializer's doing. */
export const json: Arbitrary<unknown> = fc
  .jsonValue({ maxDepth: 4 })
  .map((value) => JSON.stringify(value))
  .filter((value) => !unsendable.test(value))
  .map((value) => JSON.parse(value));
export const record = fc
  .dictionary(text, json, { maxKeys: 4 })
  .filter((value) => !unsendable.test(JSON.stringify(value)))
  .map((value) => ({ ...value }));

export type Init = Record<string, Arbitrary<unknown>>;
