import { TurnWatch } from "../support/turn-watch.ts";

type Speaker = "user" | "assistant" | "note";

/** What is to be seen. Words become text of the page and never HTML. */
export class PageView {
  /** Whose turn it is. */
  readonly turns = new TurnWatch({ userBegins: false });
  readonly #page: Document;
  #line: HTMLElement | undefined;
  #selection = "";

  constructor(page: Document) {
    this.#page = page;
    page.addEventListener("selectionchange", () => this.#select());
    this.#waitForAssistant();
  }

  /** Calls back with what the user types. */
  onWords(handler: (text: string) => void): void {
    const words = this.#element("words") as HTMLInputElement;
    this.#element("say").addEventListener("submit", (event) => {
      event.preventDefault();
      const text = words.value.trim();
      words.value = "";
      if (text !== "") handler(text);
    });
  }

  /** What the user has selected last. */
  get selection(): string {
    return this.#selection;
  }

  paint(colour: string): void {
    this.#page.body.style.backgroundColor = colour;
  }

  userSaid(text: string): void {
    this.endLine();
    this.#write("user", text);
    this.turns.userSpoke();
    this.#waitForAssistant();
  }

  assistantSays(text: string): void {
    this.#line ??= this.#write("assistant", "");
    this.#line.append(this.#line.textContent === "" ? text.trimStart() : text);
  }

  /** What is said next stands in a line of its own. */
  endLine(): void {
    this.#line = undefined;
  }

  note(text: string): void {
    this.endLine();
    this.#write("note", text);
  }

  /** How it stands with the connection. */
  status(text: string): void {
    this.#element("status").textContent = text;
  }

  /** No answer will come over a connection that is lost. */
  notConnected(why: string): void {
    this.status(why);
    this.endLine();
    this.turns.giveUp();
  }

  // A browser drops the selection as soon as somebody types; what was selected until then is what is asked about.
  #select(): void {
    const selection = this.#page.getSelection();
    if (this.#element("say").contains(selection?.anchorNode ?? null)) return;
    this.#selection = String(selection ?? "");
  }

  #waitForAssistant(): void {
    const conversation = this.#element("conversation");
    conversation.ariaBusy = "true";
    void this.turns.botFinished().then(() => {
      conversation.ariaBusy = "false";
    });
  }

  #write(speaker: Speaker, text: string): HTMLElement {
    const line = this.#page.createElement("li");
    line.className = speaker;
    line.textContent = text;
    this.#element("conversation").append(line);
    return line;
  }

  #element(id: string): HTMLElement {
    const element = this.#page.getElementById(id);
    if (element === null) throw new Error(`The page has no element #${id}.`);
    return element;
  }
}
