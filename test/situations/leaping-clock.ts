// Loaded into an operator before it starts: each SIGUSR2 puts its clock forward by a quarter of an hour.

const QUARTER = 15 * 60_000;

const real = Date.now;
let ahead = 0;
Date.now = () => real() + ahead;
process.on('SIGUSR2', () => {
  ahead += QUARTER;
});
