import fc from "fast-check";

// Every check tries its properties by the same histories, like everything else here that is random: one that fails has
// found something, and fails again. SEED=n tries others.
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env.SEED ?? 20_261_128) });

export default fc;
