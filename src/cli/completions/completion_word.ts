/** The word before those that a shell wants completed. No person types it. */
export const COMPLETE = "__complete";
