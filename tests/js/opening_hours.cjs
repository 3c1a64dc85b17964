// Asks opening_hours.js: reads {place, questions: [{value, moments: ["2026-01-02T03:04", ...]}]} from
// standard input, writes [{error} or {states}], a letter a moment: o open, u unknown, c closed.
const OpeningHours = require("opening_hours");

const { place, questions } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const answers = questions.map(({ value, moments }) => {
  try {
    const hours = new OpeningHours(value, place, { mode: 0, locale: "en" });
    const state = (moment) =>
      hours.getState(moment) ? "o" : hours.getUnknown(moment) ? "u" : "c";
    return { states: moments.map((text) => state(new Date(text))).join("") };
  } catch (error) {
    return { error: String(error) };
  }
});
process.stdout.write(JSON.stringify(answers));
