/** What a phone makes itself: ids and hashes. */

const HEX_OF_48_BITS = 12;

/** A UUID of version 7 (RFC 9562): ids sort as they were made. */
export function newId(nowMs: number = Date.now()): string {
  const random = crypto.randomUUID(); // version 4: its digits from the 16th on are fit for version 7
  const time = nowMs.toString(16).padStart(HEX_OF_48_BITS, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}

/** Of a file as the camera wrote it, in lower-case hex. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
