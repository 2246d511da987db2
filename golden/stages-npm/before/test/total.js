const assert = require("node:assert");
const { total } = require("../dist/total");

describe("total", () => {
  it("adds prices", () => {
    assert.strictEqual(total("1,2,3.5"), 6.5);
  });
});
