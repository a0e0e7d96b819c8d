/** Who holds how many connections to which host, over all transfers of one transport: the cap is for the host, not the file. */
export class Slots {
  readonly #held = new Map<string, Map<object, number>>()

  /** How many connections `owner` may have to a host when all together may have `cap`; at least one. */
  most(owner: object, host: string, cap: number): number {
    let others = 0
    for (const [holder, lanes] of this.#held.get(host) ?? []) if (holder !== owner) others += lanes
    return Math.max(1, cap - others)
  }

  use(owner: object, host: string, lanes: number): void {
    const held = this.#held.get(host) ?? new Map<object, number>()
    held.set(owner, lanes)
    this.#held.set(host, held)
  }

  leave(owner: object, host: string): void {
    const held = this.#held.get(host)
    held?.delete(owner)
    if (held?.size === 0) this.#held.delete(host)
  }
}
