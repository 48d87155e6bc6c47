/** For tests and examples. */

import type { Fetch } from "./line.js";

/** A line that may be down, or lose an answer after the park has acted. */
export class BadLine {
  isDown = false;
  losesAnswers = 0;
  lost = 0;

  constructor(private readonly through: Fetch = (request) => fetch(request)) {}

  readonly send: Fetch = async (request) => {
    if (this.isDown) throw this.loses();
    const answer = await this.through(request);
    if (this.losesAnswers === 0) return answer;
    this.losesAnswers--;
    throw this.loses();
  };

  private loses(): Error {
    this.lost++;
    return new TypeError("no signal");
  }
}
