import type { BusMessage, BusMessageClass, BusMessageInit } from "../bus/index.ts";
import { optional, text } from "./kinds.ts";
import { empty, fields, type Shape } from "./shape.ts";
import type { WireType } from "./type-table.ts";

type Properties = Readonly<Record<string, unknown>>;

/** Who a message is from and for. */
export const address = fields<BusMessageInit>({ source: ["source", text], target: ["target", optional(text)] });

/** A message class with a fixed place on the wire. */
export function messageType(name: string, Class: BusMessageClass, own: Shape = empty): WireType<BusMessage> {
  const construct = Class as unknown as new (init: Properties) => BusMessage;
  const shortName = name.slice(name.lastIndexOf(".") + 1);
  return {
    name,
    Class,
    write: (message, scope) => {
      const properties = message as unknown as Properties;
      const data: Record<string, unknown> = {};
      if (scope.vocabulary.messagesAreFrames) {
        data.id = scope.nextMessageId();
        data.name = `${shortName}#${data.id}`;
        data.metadata = {};
      }
      address.write(properties, data, scope);
      own.write(properties, data, scope);
      return data;
    },
    read: (data, scope) => {
      const init: Record<string, unknown> = {};
      address.read(data, init, scope);
      own.read(data, init, scope);
      return new construct(init);
    },
  };
}
