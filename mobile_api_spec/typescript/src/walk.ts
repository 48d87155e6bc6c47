/**
 * The whole loop of one task, as two inspectors' phones and two departments' desks go through it. The safety inspector has a weak line, the
 * environment inspector none until all is done. Prints what came of it as JSON; ends with 1 where something is not as it should be.
 *
 * GREENSHIELD_API: the API's base URL. GREENSHIELD_ENTERPRISE: whose open task it is about. GREENSHIELD_TOKENS: tokens by role, as JSON.
 * GREENSHIELD_PHOTOS: a JPEG file for each side, as JSON. GREENSHIELD_RETESTS: a value for each side ({indicator, value, unit}), as JSON.
 */

import { readFile } from "node:fs/promises";
import { BadLine } from "./bad_line.js";
import { answerOf, connect, Refused, type Api, type Problem } from "./client.js";
import { newId, sha256 } from "./ids.js";
import { NoLine, patient, PATIENT, type Fetch } from "./line.js";
import { MemoryStorage, Phone, type FieldTask, type Operation, type Outcome, type Side } from "./phone.js";
import { uploadInParts } from "./upload.js";

type Role = `inspector_${Side}` | `department_${Side}`;
type Measured = { indicator: string; value: number; unit: string };
type Bytes = Uint8Array<ArrayBuffer>;

interface Given {
  api: string;
  enterprise: string;
  tokens: Record<Role, string>;
  photos: Record<Side, string>;
  retests: Record<Side, Measured>;
}

const WAIT_MS = 60_000;
const IMPATIENT = { ...PATIENT, tries: 3, firstPauseMs: 50 };
const INSTRUMENT = "handheld-1";

async function walk(given: Given): Promise<unknown> {
  const { phone, taskId } = await worksOnline(given);
  const offline = await worksOffline(given, taskId);
  await judgesBoth(given, taskId);
  return { task_id: taskId, ...offline, ...(await learnsOfTheEnd(phone, taskId)) };
}

/** The safety side, with a signal: accept, photograph in parts, measure, hand in. */
async function worksOnline({ api: baseUrl, enterprise, tokens, photos, retests }: Given): Promise<{ phone: Phone; taskId: string }> {
  const { api, phone, send } = await owns(baseUrl, tokens.inspector_safety, "phone-safety");
  const found = await eventually(`a task of ${enterprise}`, async () => {
    await phone.pull();
    return taskOf(phone, enterprise);
  });
  const task_id = found.task.id;
  const side = { path: { task_id, side: "safety" as const } };
  await answerOf(api.POST("/v1/tasks/{task_id}/acknowledgement", { params: { path: { task_id } } }));
  await answerOf(api.POST("/v1/tasks/{task_id}/sides/{side}/acceptance", { params: side }));

  const lacking = await refusal(answerOf(api.POST("/v1/tasks/{task_id}/sides/{side}/submission", { params: side, body: { note: "已到现场" } })));
  if (lacking.code !== "evidence_missing") throw new Error(`handed in without evidence: ${lacking.code}`);
  console.error(`wanted before it is handed in: ${lacking.missing.join(", ")}`);

  const bytes = await bytesOf(photos.safety);
  const photo = { id: newId(), dimension: "safety" as const, sha256: await sha256(bytes), size: bytes.length, content_type: "image/jpeg" as const };
  await answerOf(api.POST("/v1/tasks/{task_id}/photos", { params: { path: { task_id } }, body: photo }));
  await uploadInParts(api, send, { task_id, id: photo.id }, bytes);
  await answerOf(api.POST("/v1/tasks/{task_id}/retests", { params: { path: { task_id } }, body: retest("safety", retests.safety) }));
  await eventually("the safety photo is judged", () => isVerified(api, task_id, photo.id));
  const body = { note: "已降温并复查联锁", media: [photo.id] };
  await answerOf(api.POST("/v1/tasks/{task_id}/sides/{side}/submission", { params: side, body }));
  return { phone, taskId: task_id };
}

/** The environment side, without a signal until all is done; then the answer to the batch is lost, and it comes twice. */
async function worksOffline({ api: baseUrl, tokens, photos, retests }: Given, taskId: string): Promise<object> {
  const line = new BadLine();
  const { api, phone } = await owns(baseUrl, tokens.inspector_environment, "phone-environment", line.send);
  await eventually("the task on the other phone", async () => {
    await phone.pull();
    return phone.saved.tasks[taskId];
  });

  line.isDown = true;
  await phone.does({ kind: "acknowledge", task_id: taskId });
  const shot = { content_type: "image/jpeg" as const, taken_at: new Date().toISOString() };
  const photo = await phone.photographs(taskId, "environment", await bytesOf(photos.environment), shot);
  await phone.does({ kind: "retest", task_id: taskId, payload: retest("environment", retests.environment) });
  await phone.does({ kind: "submission", task_id: taskId, side: "environment", payload: { note: "废气治理已满负荷运行", media: [photo] } });
  const batch = structuredClone(phone.saved.outbox);
  const unheard = await phone.push().catch((error: unknown) => error);
  if (!(unheard instanceof NoLine)) throw new Error(`a batch without a line: ${String(unheard)}`);

  line.isDown = false;
  line.losesAnswers = 1;
  const first = await phone.push();
  await eventually("the environment side is handed in", async () => {
    await phone.push();
    return phone.saved.outbox.length === 0;
  });
  const settled = batch.map((one) => phone.saved.outcomes[one.id]);
  const before = await evidenceOf(api, taskId);
  const whole = await brings(api, "phone-environment", batch);
  const part = await brings(api, "phone-environment", batch.slice(2));
  return {
    requests_lost: line.lost,
    first: kinds(batch, first),
    settled: kinds(batch, settled),
    whole_again: kinds(batch, whole),
    part_again: kinds(batch.slice(2), part),
    changed_by_repeating: JSON.stringify(before) !== JSON.stringify(await evidenceOf(api, taskId)),
  };
}

/** Each department judges its own side, as it saw it. */
async function judgesBoth({ api: baseUrl, tokens }: Given, task_id: string): Promise<void> {
  for (const side of ["safety", "environment"] as const) {
    const desk = connect({ baseUrl, token: async () => tokens[`department_${side}`], deviceId: `desk-${side}` });
    const seen = await answerOf(desk.GET("/v1/tasks/{task_id}", { params: { path: { task_id } } }));
    const header = { "If-Match": `"${seen.version}"` };
    const body = { revision: seen[side].revision, verdict: "passed" as const };
    await answerOf(desk.POST("/v1/tasks/{task_id}/sides/{side}/verdict", { params: { path: { task_id, side }, header }, body }));
  }
}

async function learnsOfTheEnd(phone: Phone, taskId: string): Promise<object> {
  const known = await eventually("the phone learns that the task is closed", async () => {
    await phone.pull();
    const one = phone.saved.tasks[taskId];
    return one?.task.state === "closed" ? one : undefined;
  });
  const { state, safety, environment } = known.task;
  return { state, sides: { safety: safety.state, environment: environment.state } };
}

async function owns(baseUrl: string, token: string, deviceId: string, send: Fetch = (request) => fetch(request)) {
  const api = connect({ baseUrl, token: async () => token, deviceId, fetch: send, patience: IMPATIENT });
  const patientSend = patient(send, IMPATIENT);
  return { api, send: patientSend, phone: await Phone.open(api, patientSend, new MemoryStorage(), deviceId) };
}

function taskOf(phone: Phone, enterprise: string): FieldTask | undefined {
  return Object.values(phone.saved.tasks).find(({ task }) => task.enterprise_id === enterprise && task.state === "open");
}

function retest(dimension: Side, measured: Measured) {
  return { ...measured, id: newId(), dimension, instrument: INSTRUMENT, measured_at: new Date().toISOString() };
}

async function isVerified(api: Api, task_id: string, photo_id: string): Promise<boolean> {
  const path = { task_id, photo_id };
  const photo = await answerOf(api.GET("/v1/tasks/{task_id}/photos/{photo_id}", { params: { path } }));
  if (photo.state === "refused") throw new Error(`the photo was refused: ${photo.reason_text ?? ""}`);
  return photo.state === "verified";
}

/** What a task holds, without links, which are new in every answer. */
async function evidenceOf(api: Api, task_id: string) {
  const params = { params: { path: { task_id } } };
  const { photos, retests } = await answerOf(api.GET("/v1/tasks/{task_id}/evidence", params));
  const { version } = await answerOf(api.GET("/v1/tasks/{task_id}", params));
  return { version, photos: photos.map(({ id, state }) => ({ id, state })), retests: retests.map(({ id, value }) => ({ id, value })) };
}

async function brings(api: Api, device_id: string, operations: Operation[]): Promise<Outcome[]> {
  const body = { device_id, sent_at: new Date().toISOString(), operations };
  return (await answerOf(api.POST("/v1/sync", { body }))).results;
}

function kinds(operations: Operation[], outcomes: (Outcome | undefined)[]): string[] {
  return operations.map(({ id, kind }) => `${kind}: ${outcomes.find((one) => one?.id === id)?.outcome ?? "unknown"}`);
}

async function refusal(call: Promise<unknown>): Promise<Problem> {
  const answer = await call.catch((error: unknown) => error);
  if (answer instanceof Refused) return answer.problem;
  throw answer instanceof Error ? answer : new Error("it was not refused");
}

async function eventually<Found>(what: string, look: () => Promise<Found>): Promise<NonNullable<Found>> {
  for (const end = Date.now() + WAIT_MS; Date.now() < end; await new Promise((done) => setTimeout(done, 250))) {
    const found = await look();
    if (found) return found;
  }
  throw new Error(`not within ${WAIT_MS / 1000} s: ${what}`);
}

async function bytesOf(file: string): Promise<Bytes> {
  return new Uint8Array(await readFile(file));
}

function setting(name: string): string {
  const value = process.env[`GREENSHIELD_${name}`];
  if (value === undefined) throw new Error(`GREENSHIELD_${name} is not set`);
  return value;
}

const given: Given = {
  api: setting("API"),
  enterprise: setting("ENTERPRISE"),
  tokens: JSON.parse(setting("TOKENS")),
  photos: JSON.parse(setting("PHOTOS")),
  retests: JSON.parse(setting("RETESTS")),
};
console.log(JSON.stringify(await walk(given)));
