import { SystemFrame } from "./frame.ts";

/** The user has begun a turn. */
export class UserStartedSpeakingFrame extends SystemFrame {}

/** The user has ended a turn. */
export class UserStoppedSpeakingFrame extends SystemFrame {}

/** The bot's words have begun to reach the user. */
export class BotStartedSpeakingFrame extends SystemFrame {}

/** The bot's words have all reached the user. */
export class BotStoppedSpeakingFrame extends SystemFrame {}
