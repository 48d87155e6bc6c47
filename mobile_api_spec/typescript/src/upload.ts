/** Files on their way to the park: by the form of an announcement, or in parts where the line is weak. Both can be done again at any time. */

import { answerOf, type Api } from "./client.js";
import type { Fetch } from "./line.js";
import type { components } from "./spec.js";

type Leave = components["schemas"]["UploadOut"];

/** The storage refused a file: its leave has run out (announce it again), or it is not the file that was announced. */
export class NotTaken extends Error {
  override readonly name = "NotTaken";
}

/** Send a file by the leave that its announcement gave. Throws NotTaken. */
export async function uploadByForm(send: Fetch, leave: Leave, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const form = new FormData();
  for (const [name, value] of Object.entries(leave.fields)) form.append(name, value);
  form.append("file", new Blob([bytes])); // S3 ignores what comes after the file
  await taken(send(new Request(leave.url, { method: "POST", body: form })));
}

/** Send what has not come yet of an announced photo, part by part. Throws NotTaken, Refused or NoLine; then do it again when there is a line. */
export async function uploadInParts(
  api: Api,
  send: Fetch,
  photo: { task_id: string; id: string },
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const path = { task_id: photo.task_id, photo_id: photo.id };
  const { missing } = await answerOf(api.POST("/v1/tasks/{task_id}/photos/{photo_id}/parts", { params: { path } }));
  for (const part of missing) {
    const body = bytes.slice(part.start, part.start + part.size);
    await taken(send(new Request(part.url, { method: "PUT", body })));
  }
  await answerOf(api.POST("/v1/tasks/{task_id}/photos/{photo_id}/parts/completion", { params: { path } }));
}

async function taken(sent: Promise<Response>): Promise<void> {
  const answer = await sent;
  if (!answer.ok) throw new NotTaken(`${answer.status}: ${(await answer.text()).slice(0, 300)}`);
}
