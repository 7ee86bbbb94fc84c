// Checked by `npm run typecheck`; nothing here runs. Each @ts-expect-error fails the check when the error is gone.

import {
  BusDataMessage,
  BusFrameMessage,
  BusLocalMessage,
  type BusMessage,
  type BusMessageClass,
  type BusSystemMessage,
  BusTaskRequestMessage,
  DataFrame,
  type Frame,
  type FrameClass,
  type FrameDirection,
  LLMTextFrame,
  LocalBus,
  TextFrame,
} from "trunkline";
import { expectTypeOf } from "vitest";

// A frame takes one object, and what a class narrows stays narrowed.
const text = new TextFrame({ text: "hi", pts: 1_000_000 });
expectTypeOf(text.text).toBeString();
expectTypeOf(text.id).toBeNumber();
expectTypeOf(text.pts).toEqualTypeOf<number | undefined>();
expectTypeOf(text.metadata).toEqualTypeOf<Record<string, unknown>>();
expectTypeOf<FrameDirection>().toEqualTypeOf<"downstream" | "upstream">();
expectTypeOf(new LLMTextFrame({ text: "hi" })).toExtend<TextFrame>();
// @ts-expect-error: text is not optional
new TextFrame({});
// @ts-expect-error: frames do not take their fields one by one
new TextFrame("hi");
// @ts-expect-error: what a frame says is not changed on its way
text.text = "ho";
// @ts-expect-error: the root of the frames is extended by their three kinds only
new DataFrame();

// Filters take abstract roots and concrete classes alike.
expectTypeOf<typeof DataFrame>().toExtend<FrameClass>();
expectTypeOf<typeof TextFrame>().toExtend<FrameClass>();
expectTypeOf<typeof BusSystemMessage>().toExtend<BusMessageClass>();
expectTypeOf<typeof BusFrameMessage>().toExtend<BusMessageClass>();
// @ts-expect-error: a frame is not a message
const notMessage: BusMessageClass = TextFrame;
void notMessage;

// A message takes one object; the target is the only field that every message may leave out.
const request = new BusTaskRequestMessage({ source: "a", target: "b", taskId: "1", taskName: "t", payload: { n: 1 } });
expectTypeOf(request).toExtend<BusMessage>();
expectTypeOf(request.target).toEqualTypeOf<string | undefined>();
expectTypeOf(new BusFrameMessage({ source: "a", frame: text, direction: "downstream" }).frame).toEqualTypeOf<Frame>();
// @ts-expect-error: nobody sends a message without a source
new BusDataMessage({ target: "b" });
// @ts-expect-error: a direction is one of two words
new BusFrameMessage({ source: "a", frame: text, direction: "sideways" });

// instanceof is how code asks.
declare const message: BusMessage;
if (message instanceof BusFrameMessage) expectTypeOf(message.frame).toEqualTypeOf<Frame>();
if (message instanceof BusLocalMessage) expectTypeOf(message).toExtend<BusSystemMessage>();

// A user's own message and subscriber.
class PriceTick extends BusDataMessage {
  readonly price: number;
  constructor(init: { readonly source: string; readonly price: number }) {
    super(init);
    this.price = init.price;
  }
}
const bus = new LocalBus();
expectTypeOf(bus.send(new PriceTick({ source: "a", price: 1 }))).toEqualTypeOf<Promise<void>>();
expectTypeOf(bus.subscribe({ name: "b", onBusMessage: () => {} }, { observe: true })).toEqualTypeOf<Promise<void>>();
// @ts-expect-error: a subscriber has a name
void bus.subscribe({ onBusMessage: () => {} });
// @ts-expect-error: there are two policies at the limit
void bus.subscribe({ name: "b", onBusMessage: () => {} }, { whenFull: "drop" });
