// Tells whether a message says what to do.

/** What a person is asked to do begins a sentence or a clause; the list is of the words that ours begin with. */
const REQUEST =
  /(?:^|[.?!;:,] |\bor )(?:then )?(?:add|allow|annotate|ask|change|check|correct|create|delete|encode|find out|give|install|keep|let|log in|look|make|name|nothing to do|point|put|remove|renew|report|see|set|stop|use|wait|write)\b/i;

/** Whether the message of a condition asks for something, if only to wait. */
export function holdsRemedy(message: string): boolean {
  return REQUEST.test(message);
}
