// The reference page of condition reasons, from the one catalogue.

import { REASONS, type ReasonClass } from '../../src/resources/reasons.ts';

const CLASSES: Readonly<Record<ReasonClass, string>> = {
  good: 'Ready=True',
  underway: 'Ready=False, Reconciling=True',
  stalled: 'Ready=False, Stalled=True: a person must act',
  retrying:
    'Ready=False, Reconciling=True; while a live token stands that matches the spec, Ready stays True and only Synced=False carries the reason',
  suspended: 'Ready as before; False for a new object',
};

/** `docs/reference/conditions.md`. */
export function conditionsPage(): string {
  const sections = Object.entries(REASONS).map(
    ([reason, entry]) =>
      `## ${reason}\n\n${entry.meaning}\n\n| | |\n|---|---|\n| Conditions | ${CLASSES[entry.class]} |\n| Cause | ${entry.cause} |\n| Remedy | ${entry.remedy.replaceAll('|', '\\|')} |\n`,
  );
  return `<!-- Made by "npm run generate"; edit src/resources/reasons.ts instead. -->
# Conditions

Every object carries \`Ready\`: an application that reads the Secret now will be let in. A token object also carries \`Synced\`: whether
object and InfluxDB agreed at the last look. \`Reconciling\` (this spec is not in effect yet) and \`Stalled\` (a person must act) exclude each
other and are absent when false, as [kstatus](https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md) expects.
An InfluxDBCluster also carries \`InventoryHeld\` while more tokens look orphaned than an everyday mistake explains; its message says what to do.

The STATUS column of \`kubectl get\` is the reason of \`Ready\`; the message of the condition says what is the case in this very situation, and what to do.

${sections.join('\n')}`;
}
