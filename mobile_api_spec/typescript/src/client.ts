/** The park's API with the types of its spec: `connect` gives a client, `answerOf` its answer or the problem. */

import createClient, { type Client } from "openapi-fetch";
import { PATIENT, patient, signedIn, type Fetch, type Patience } from "./line.js";
import type { operations, paths } from "./spec.js";

export type Api = Client<paths>;

export interface Access {
  baseUrl: string;
  /** An OIDC token of the park's issuer; a new one where the last was refused. */
  token: (isRefused: boolean) => Promise<string>;
  /** Made once by the app, and kept. */
  deviceId: string;
  /** Without it texts come in the person's own. */
  language?: "zh-CN" | "en";
  fetch?: Fetch;
  patience?: Partial<Patience>;
}

type Answers = operations[keyof operations]["responses"];
type ProblemOf<A> = A extends { content: { "application/problem+json": infer P } } ? P : never;
type Values<T> = T extends unknown ? T[keyof T] : never;

/** Every problem of the spec, told apart by `code`. A newer park may answer codes that are not among them: let `default` show the title. */
export type Problem = ProblemOf<Values<Answers>> | NotFromThePark;

/** A gateway or a proxy answered instead of the park. */
export interface NotFromThePark {
  code: "not_from_the_park";
  title: string;
  status: number;
}

/** The park refused. Sending the same again would be refused again. */
export class Refused extends Error {
  override readonly name = "Refused";

  constructor(readonly problem: Problem) {
    super(`${problem.status} ${problem.code}: ${problem.title}`);
  }
}

export function connect(access: Access): Api {
  const send = patient(access.fetch ?? ((request) => fetch(request)), { ...PATIENT, ...access.patience });
  return createClient<paths>({
    baseUrl: access.baseUrl,
    fetch: signedIn(send, access.token),
    headers: { "Accept-Language": access.language ?? "*", "X-Device-Id": access.deviceId },
  });
}

/** The answer's body. Throws Refused, or NoLine where none came. */
export async function answerOf<Body>(
  call: Promise<{ data?: Body; error?: unknown; response: Response }>,
): Promise<Exclude<Body, undefined>> {
  const { data, error, response } = await call;
  if (!response.ok) throw new Refused(problemOf(error, response));
  return data as Exclude<Body, undefined>;
}

function problemOf(body: unknown, response: Response): Problem {
  const isProblem = response.headers.get("Content-Type")?.startsWith("application/problem+json");
  if (isProblem && typeof body === "object" && body !== null && "code" in body) return body as Problem;
  return { code: "not_from_the_park", title: response.statusText, status: response.status };
}
