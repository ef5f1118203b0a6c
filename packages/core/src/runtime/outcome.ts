/** A promise and its end. Whoever reads it may await it or not: a rejection that nobody awaits is no accident here. */
export class Outcome {
  readonly promise: Promise<void>;
  /** Null is success. Only the first call counts. */
  settle: (error: Error | null) => void = () => {};

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.settle = (error) => (error === null ? resolve() : reject(error));
    });
    this.promise.catch(() => {});
  }
}
