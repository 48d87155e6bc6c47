/** How the client stands a bad line and a park that refuses, with a park of three lines. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { BadLine } from "../src/bad_line.js";
import { answerOf, connect, Refused } from "../src/client.js";
import { newId, sha256 } from "../src/ids.js";
import { NoLine, patient, type Fetch, type Patience } from "../src/line.js";
import { MemoryStorage, Phone, type Operation, type Outcome } from "../src/phone.js";

const PARK = "https://park.test";

function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  const type = status < 400 ? "application/json" : "application/problem+json";
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": type, ...headers } });
}

/** Answers in turn; the last one goes on. */
function answers(...given: (() => Response)[]): Fetch & { heard: Request[] } {
  const heard: Request[] = [];
  const send = async (request: Request): Promise<Response> => {
    heard.push(request.clone());
    return (given[Math.min(heard.length, given.length) - 1] as () => Response)();
  };
  return Object.assign(send, { heard });
}

function patience(pauses: number[], tries = 6): Patience {
  return { tries, firstPauseMs: 1000, timeoutMs: 5000, pause: async (ms) => void pauses.push(ms) };
}

async function phoneOf(send: Fetch, storage = new MemoryStorage()): Promise<Phone> {
  const api = connect({ baseUrl: PARK, token: async () => "token", deviceId: "phone-1", fetch: send, patience: patience([], 1) });
  return Phone.open(api, send, storage, "phone-1");
}

function outcome(one: Operation, what: Outcome["outcome"], more: Partial<Outcome> = {}): Outcome {
  return { id: one.id, outcome: what, outcome_text: what, task_id: one.task_id, merged_with: [], forced: false, ...more };
}

const synced = (results: Outcome[]) => json({ results, clock_skew_ms: 0, server_time: "2026-03-02T09:30:00.000+08:00" });

test("a refusal is not repeated, and says what is missing", async () => {
  const rfc9457 = { type: "urn:x", title: "缺少证据", status: 409, code: "evidence_missing", correlation_id: "c" };
  const refusal = { ...rfc9457, side: "safety", missing: ["p1"] };
  const send = answers(() => json(refusal, 409));
  const api = connect({ baseUrl: PARK, token: async () => "token", deviceId: "phone-1", fetch: send, patience: patience([]) });
  const params = { path: { task_id: "t-1", side: "safety" as const } };
  const call = answerOf(api.POST("/v1/tasks/{task_id}/sides/{side}/submission", { params, body: { note: "x" } }));
  await assert.rejects(call, (error) => error instanceof Refused && error.problem.code === "evidence_missing" && error.problem.missing[0] === "p1");
  assert.equal(send.heard.length, 1);
  assert.equal(send.heard[0]?.headers.get("X-Device-Id"), "phone-1");
});

test("what a gateway says is none of the park's problems", async () => {
  const send = answers(() => new Response("<html>", { status: 403, statusText: "Forbidden" }));
  const api = connect({ baseUrl: PARK, token: async () => "token", deviceId: "phone-1", fetch: send });
  await assert.rejects(answerOf(api.GET("/v1/me")), (error) => error instanceof Refused && error.problem.code === "not_from_the_park");
});

test("a busy park is asked again with the same request, when it said", async () => {
  const pauses: number[] = [];
  const send = answers(() => json({}, 503, { "Retry-After": "7" }), () => json({ done: true }));
  const answer = await patient(send, patience(pauses))(new Request(PARK, { method: "POST", body: "the same" }));
  assert.deepEqual([answer.status, pauses], [200, [7000]]);
  assert.deepEqual(await Promise.all(send.heard.map((one) => one.text())), ["the same", "the same"]);
});

test("without an answer it waits longer each time, a minute at most, and not as long as others", async () => {
  const pauses: number[] = [];
  const line = new BadLine();
  line.isDown = true;
  await assert.rejects(patient(line.send, patience(pauses, 9))(new Request(PARK)), NoLine);
  assert.equal(line.lost, 9);
  for (const [step, ms] of pauses.entries()) {
    const least = Math.min(1000 * 2 ** step, 60_000);
    assert.ok(least <= ms && ms <= 1.5 * least, `${ms} ms after try ${step + 1}`);
  }
});

test("a token that is refused is renewed once", async () => {
  const unauthenticated = { type: "urn:x", title: "请重新登录", status: 401, code: "unauthenticated", correlation_id: "c", reason: "expired" };
  const send = answers(() => json(unauthenticated, 401));
  const asked: boolean[] = [];
  const token = async (isRefused: boolean) => (asked.push(isRefused), isRefused ? "new" : "old");
  const api = connect({ baseUrl: PARK, token, deviceId: "phone-1", fetch: send });
  await assert.rejects(answerOf(api.GET("/v1/me")), Refused);
  assert.deepEqual(asked, [false, true]);
  assert.deepEqual(send.heard.map((one) => one.headers.get("Authorization")), ["Bearer old", "Bearer new"]);
});

test("what was done without a signal is there after the app was killed, and is sent as it was", async () => {
  const storage = new MemoryStorage();
  const done = await (await phoneOf(answers(), storage)).does({ kind: "acknowledge", task_id: "t-1" });
  const send = answers(() => synced([outcome(done, "applied")]));
  const phone = await phoneOf(send, storage);
  await phone.push();
  assert.deepEqual((await send.heard[0]?.json()).operations, [done]);
  assert.deepEqual(phone.saved.outbox, []);
});

test("a batch whose answer was lost is sent again; what is held stays, what is refused or in conflict is told", async () => {
  const sent: Operation[][] = [];
  const park: Fetch = async (request) => {
    sent.push((await request.json()).operations);
    const [first, second, third] = sent[0] as [Operation, Operation, Operation];
    return synced([outcome(first, "held"), outcome(second, "conflict"), outcome(third, "refused")]);
  };
  const line = new BadLine(park);
  const phone = await phoneOf(line.send);
  for (const task_id of ["t-1", "t-2", "t-3"]) await phone.does({ kind: "acknowledge", task_id });
  line.losesAnswers = 1;
  await assert.rejects(phone.push(), NoLine);
  assert.equal(phone.saved.outbox.length, 3);
  await phone.push();
  assert.deepEqual(sent[1], sent[0]);
  assert.deepEqual(phone.saved.outbox.map((one) => one.task_id), ["t-1"]);
  assert.deepEqual(Object.values(phone.saved.outcomes).map((one) => one.outcome), ["held", "conflict", "refused"]);
});

test("a photo is announced again until it has arrived, its bytes are kept until then, and one that is not taken stops no other", async () => {
  const storage = new MemoryStorage();
  const sizes: unknown[] = [];
  const park: Fetch = async (request) => {
    if (request.url.startsWith("https://files.test")) {
      const file = (await request.formData()).get("file");
      sizes.push(file instanceof Blob ? file.size : file);
      return new Response(null, { status: sizes.length === 1 ? 403 : 204 });
    }
    const operations: Operation[] = (await request.json()).operations;
    const upload = { url: "https://files.test/", fields: { key: "k" }, expires_at: "2026-03-02T09:45:00.000+08:00" };
    return synced(operations.map((one) => outcome(one, "applied", { upload })));
  };
  const phone = await phoneOf(park, storage);
  const ids = [];
  for (const size of [3, 4]) ids.push(await phone.photographs("t-1", "safety", new Uint8Array(size), { content_type: "image/jpeg" }));
  await assert.rejects(phone.push(), AggregateError);
  assert.deepEqual([sizes, phone.saved.outbox], [[3, 4], []]);
  await phone.push();
  assert.deepEqual([sizes, Object.keys(phone.saved.uploads)], [[3, 4, 3, 4], ids]);
  for (const id of ids) assert.ok(await storage.file(id));
});

test("more than a hundred operations go in several batches", async () => {
  const sizes: number[] = [];
  const phone = await phoneOf(async (request) => {
    const operations: Operation[] = (await request.json()).operations;
    sizes.push(operations.length);
    return synced(operations.map((one) => outcome(one, "applied")));
  });
  for (let made = 0; made < 230; made++) await phone.does({ kind: "acknowledge", task_id: `t-${made}` });
  await phone.push();
  assert.deepEqual([sizes, phone.saved.outbox.length], [[100, 100, 30], 0]);
});

test("pages are fetched to the end, older versions are ignored, and what is gone is forgotten", async () => {
  const task = (id: string, version: number) => ({ task: { id, version }, photos: [] });
  const page = (tasks: unknown[], more: Record<string, unknown>) => json({ tasks, gone: [], people: [], checklists: [], more: false, reset: false, ...more });
  const send = answers(
    () => page([task("t-0", 1)], { next_cursor: "a", reset: true, more: true }),
    () => page([task("t-1", 5)], { next_cursor: "b" }),
    () => page([task("t-1", 4), task("t-2", 1)], { next_cursor: "c", gone: ["t-0"] }),
    () => page([], { next_cursor: "d", reset: true }),
  );
  const phone = await phoneOf(send);
  await phone.pull();
  await phone.pull();
  assert.deepEqual(Object.values(phone.saved.tasks).map(({ task: { id, version } }) => [id, version]), [["t-1", 5], ["t-2", 1]]);
  assert.deepEqual(send.heard.map((one) => new URL(one.url).searchParams.get("cursor")), [null, "a", "b"]);
  await phone.pull();
  assert.deepEqual(phone.saved.tasks, {});
});

test("ids are of version 7 and sort as they were made; hashes are those that the park makes", async () => {
  const ids = [1_772_413_200_000, 1_772_413_200_001].map((ms) => newId(ms));
  assert.deepEqual(ids, [...ids].sort());
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(await sha256(new TextEncoder().encode("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});
