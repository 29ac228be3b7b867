// The marker at the end of every token's description: by it, and by nothing else, a token on the server is known to be ours.

import { MARKER_START } from '../resources/common.ts';

/** Whose token it is: this installation's, which object's, and which of the object's attempts made it. */
export interface Marker {
  readonly installation: string;
  /** UID of the Kubernetes object. */
  readonly uid: string;
  /** Random nonce of the attempt, so that an attempt whose answer was lost is found again. */
  readonly attempt: string;
}

const MARKER = /(?:^| )\[influxtokens ([a-z0-9-]{1,63})\/([A-Za-z0-9-]{1,64})\/([0-9a-f]{16})\]$/;

/** The description that goes to the server: a person's text and our marker. */
export function markDescription(text: string, { installation, uid, attempt }: Marker): string {
  return `${text} ${MARKER_START}${installation}/${uid}/${attempt}]`;
}

/** Reads the marker off a description; `undefined` when it carries none of ours. */
export function parseMarker(description: string): Marker | undefined {
  const match = MARKER.exec(description);
  if (match === null) return undefined;
  const [, installation = '', uid = '', attempt = ''] = match;
  return { installation, uid, attempt };
}

/** Whether the server's description says that the token belongs to this object of this installation. */
export function isOurs(description: string, installation: string, uid: string): boolean {
  const marker = parseMarker(description);
  return marker?.installation === installation && marker.uid === uid;
}
