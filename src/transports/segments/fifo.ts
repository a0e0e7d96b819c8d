/** First in, first out; `Array.shift` moves everything else along, which for 200,000 segments takes minutes. */
export class Fifo<T> {
  #items: T[] = []
  #from = 0

  get length(): number {
    return this.#items.length - this.#from
  }

  /** The one that is next. */
  get first(): T | undefined {
    return this.#items[this.#from]
  }

  push(item: T): void {
    this.#items.push(item)
  }

  shift(): T | undefined {
    const item = this.#items[this.#from]
    if (this.#from < this.#items.length) this.#from += 1
    if (this.#from > 1000 && this.#from * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#from)
      this.#from = 0
    }
    return item
  }
}
