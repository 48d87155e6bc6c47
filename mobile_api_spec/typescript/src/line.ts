/**
 * The line to the park: what is worth another try is tried again, as docs/mobile.md says. Every request may be repeated, for the phone makes the ids.
 */

export type Fetch = (request: Request) => Promise<Response>;

export interface Patience {
  /** How often a request is sent before it is given up. */
  tries: number;
  firstPauseMs: number;
  /** How long one try may take. */
  timeoutMs: number;
  pause: (ms: number) => Promise<void>;
}

export const PATIENT: Patience = { tries: 6, firstPauseMs: 1000, timeoutMs: 30_000, pause: sleep };

const LONGEST_PAUSE_MS = 60_000;
const WORTH_ANOTHER_TRY = new Set([429, 502, 503, 504]);

/** No answer came; the park may have acted or not. */
export class NoLine extends Error {
  override readonly name = "NoLine";
}

/** Send again until there is an answer that stays. Throws NoLine when all tries are used up without any. */
export function patient(send: Fetch, patience: Patience): Fetch {
  return async (request) => {
    for (let attempt = 1; ; attempt++) {
      const answer = await tried(send, request, patience.timeoutMs);
      const isLast = attempt >= patience.tries;
      if (answer instanceof Response && (isLast || !WORTH_ANOTHER_TRY.has(answer.status))) return answer;
      if (isLast) throw new NoLine(`no answer to ${request.method} ${request.url}`, { cause: answer });
      await patience.pause(pauseMs(answer, attempt, patience.firstPauseMs));
    }
  };
}

/** With a token; where it is refused, with a new one, once. */
export function signedIn(send: Fetch, token: (isRefused: boolean) => Promise<string>): Fetch {
  const sendWith = async (request: Request, isRefused: boolean): Promise<Response> => {
    const signed = request.clone();
    signed.headers.set("Authorization", `Bearer ${await token(isRefused)}`);
    return send(signed);
  };
  return async (request) => {
    const answer = await sendWith(request, false);
    return answer.status === 401 ? sendWith(request, true) : answer;
  };
}

async function tried(send: Fetch, request: Request, timeoutMs: number): Promise<unknown> {
  try {
    return await send(new Request(request.clone(), { signal: AbortSignal.timeout(timeoutMs) }));
  } catch (error) {
    return error;
  }
}

/** What the park asks for, else 1, 2, 4 ... 60 s with up to half as much at random, so that phones do not all come back at once. */
function pauseMs(answer: unknown, attempt: number, firstPauseMs: number): number {
  const asked = answer instanceof Response ? Number(answer.headers.get("Retry-After")) : 0;
  if (asked > 0) return asked * 1000;
  return Math.min(firstPauseMs * 2 ** (attempt - 1), LONGEST_PAUSE_MS) * (1 + Math.random() / 2);
}

function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
