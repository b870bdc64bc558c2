"""What NASA's ProgPy takes for the work that benches/brain.rs does too.

    peer.py FOLDER_WITH_THE_REFERENCE_TABLES OUT.json

Each work is timed by itself, without imports and set-up, and its answer goes into the file, so that
the other side can show that it did the same.
"""

import csv
import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")

import numpy as np
from progpy.models import BatteryCircuit, CentrifugalPump
from progpy.predictors import MonteCarlo
from progpy.state_estimators import UnscentedKalmanFilter
from progpy.uncertain_data import MultivariateNormalDist, UnweightedSamples

folder, out = sys.argv[1:3]
done = {}


def table(name):
    with open(f"{folder}/{name}.csv") as file:
        return list(csv.DictReader(file))


def timed(name, work):
    begun = time.perf_counter()
    answer = work()
    seconds = time.perf_counter() - begun
    done[name] = {"seconds": seconds, "answer": answer}
    print(f"ProgPy: {name}: {seconds:.3f} s", file=sys.stderr)


def quiet(model):
    model.parameters["process_noise"] = 0
    model.parameters["measurement_noise"] = 0
    return model


battery = quiet(BatteryCircuit())
pump = quiet(CentrifugalPump())


def current(t):
    return 2.0 if t < 600 else 1.0 if t < 900 else 4.0 if t < 1800 else 2.0 if t < 3000 else 3.0


def battery_load(t, x=None):
    return battery.InputContainer({"i": current(t)})


PUMP = {"Tamb": 290.0, "V": 471.2389, "pdisch": 928654.0, "psuc": 239179.0, "wsync": 0.8 * 471.2389}


def pump_load(t, x=None):
    return pump.InputContainer(PUMP)


def ensemble(model, load, states, event, **options):
    samples = UnweightedSamples([model.StateContainer(state) for state in states])
    result = MonteCarlo(model).predict(samples, load, n_samples=len(states), dt=1, save_freq=1e9, **options)
    return [float(sample[event]) for sample in result.time_of_event]


rows = table("mc_battery_circuit")
states = [{name: float(row[f"x_{name}"]) for name in ("tb", "qb", "qcp", "qcs")} for row in rows]
timed("battery ensemble", lambda: ensemble(battery, battery_load, states, "EOD", t0=600, horizon=10000))


def worn(at, count):
    state = dict(pump.initialize(pump_load(0), {}))
    return {**state, "wA": 0.06 + 1e-4 * at / count}


timed(
    "pump ensemble",
    lambda: ensemble(
        pump, pump_load, [worn(at, 24) for at in range(24)], "ImpellerWearFailure", horizon=7000, events="ImpellerWearFailure"
    ),
)


def vectorised():
    count, steps = 1000, 500
    first = worn(0, 1)
    x = pump.StateContainer({name: np.full(count, float(value)) for name, value in first.items()})
    u = pump.InputContainer(PUMP)
    for _ in range(steps):
        x = pump.next_state(x, u, 1.0)
    return [float(x["Tt"][0]), count * steps]


timed("pump steps in numpy", vectorised)


def filtered():
    noise = np.diag([1e-4, 0.1, 1e-3, 1e-3])
    first = MultivariateNormalDist(("tb", "qb", "qcp", "qcs"), [293.0, 7700.0, 0.0, 0.0], np.diag([1.0, 1e4, 0.01, 0.01]))
    estimator = UnscentedKalmanFilter(battery, first, dt=1, Q=noise, R=np.diag([0.25, 4e-4]))
    for row in table("ukf_battery_circuit"):
        if float(row["t"]) > 0:
            z = battery.OutputContainer({"t": float(row["meas_t"]), "v": float(row["meas_v"])})
            estimator.estimate(float(row["t"]), battery.InputContainer({"i": float(row["u_i"])}), z)
    return [float(estimator.x.mean["qb"])]


timed("unscented filter", filtered)


def course():
    result = battery.simulate_to(600, battery_load, dt=1, save_freq=10)
    return result


recorded = course()
TRUTH = {"Rs": battery.parameters["Rs"], "Cs": battery.parameters["Cs"]}


def calibrated():
    model = quiet(BatteryCircuit())
    model.parameters["Rs"] = 0.06
    model.parameters["Cs"] = 250.0
    model.estimate_params(times=[recorded.times], inputs=[recorded.inputs], outputs=[recorded.outputs], keys=["Rs", "Cs"], dt=1)
    return [float(model.parameters["Rs"]), float(model.parameters["Cs"])]


timed("calibration", calibrated)
done["calibration"]["truth"] = [TRUTH["Rs"], TRUTH["Cs"]]
done["calibration"]["course"] = {
    "t": [float(t) for t in recorded.times],
    "z": [[float(z["t"]), float(z["v"])] for z in recorded.outputs],
}
with open(out, "w") as file:
    json.dump(done, file)
