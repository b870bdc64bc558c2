"""Other runs of the models that NASA's ProgPy has, too, to be compared with ours.

    trajectories.py FOLDER [--every N] [NAME…]

Each run becomes NAME.csv in the columns that `twinscope simulate` writes, a row each step or each N steps,
and a line in runs.jsonl that tells model, step and initial state: `simulate MODEL --inputs NAME.csv --dt …
--initial …` has to write the same again. An ensemble becomes NAME.csv with a row a member: its state at the
beginning and the time of each event; a filter, what it is told and what it then believes.

tests/data/prognostics holds four of them: `--every 500 three_open_loop`, `--every 1000
pump_past_all_events`, `mc_battery_wide` and `mc_pump_every`.

Two things are not the same everywhere and mean nothing: a brushless motor that is commutated by its own angle
parts from its twin by what is rounded off, after some tenths of a second; and the last digits of covariances
that are 0 but for rounding.
"""

import csv
import json
import math
import sys
import warnings

warnings.filterwarnings("ignore")

import numpy as np
from progpy.models import BatteryCircuit, CentrifugalPump, DCMotor, DCMotorSP
from progpy.predictors import MonteCarlo
from progpy.state_estimators import UnscentedKalmanFilter
from progpy.uncertain_data import MultivariateNormalDist, UnweightedSamples

folder, wanted = sys.argv[1], sys.argv[2:]
every = 1
if wanted[:1] == ["--every"]:
    every, wanted = int(wanted[1]), wanted[2:]
NAMES = {
    "centrifugal_pump": CentrifugalPump,
    "battery_circuit": BatteryCircuit,
    "dc_motor": DCMotorSP,
    "dc_motor_three_phase": DCMotor,
}
PUMP_STATES = ["w", "Q", "Tt", "Tr", "To", "A", "rRadial", "rThrust", "QLeak", "wA", "wRadial", "wThrust"]
BATTERY_STATES = ["tb", "qb", "qcp", "qcs"]
manifest = open(f"{folder}/runs.jsonl", "a")


def quiet(name, initial, parameters):
    model = NAMES[name](**parameters)
    model.parameters["process_noise"] = 0
    model.parameters["measurement_noise"] = 0
    model.parameters["x0"] = {**model.parameters["x0"], **initial}
    return model


def number(value):
    return float(np.asarray(value).ravel()[0])


def write(name, about, rows):
    with open(f"{folder}/{name}.csv", "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(rows[0].keys())
        out.writerows([[repr(value) for value in row.values()] for row in rows])
    manifest.write(json.dumps({"name": name, **about}) + "\n")
    manifest.flush()
    print(f"{name}: {len(rows)} rows to t = {rows[-1].get('t')}", file=sys.stderr)


def course(name, model, load, until, dt, initial={}, parameters={}, events=[]):
    """A run until a time, or until any of the events."""
    if wanted and name not in wanted:
        return
    machine = quiet(model, initial, parameters)
    done = machine.simulate_to_threshold(
        lambda t, x=None: machine.InputContainer(load(t, x)), dt=dt, save_freq=dt / 2, horizon=until, events=events
    )
    rows = []
    for t, u, x in zip(done.times, done.inputs, done.states):
        row = {"t": float(t)}
        x = machine.StateContainer({key: number(value) for key, value in x.items()})
        groups = [("u", u), ("x", x), ("z", machine.output(x)), ("es", machine.event_state(x))]
        for prefix, values in groups:
            row.update({f"{prefix}_{key}": number(value) for key, value in values.items()})
        row.update({f"tm_{key}": int(bool(number(value))) for key, value in machine.threshold_met(x).items()})
        rows.append(row)
    # The first row of a thinned run tells of inputs without a state: it is left out.
    rows = rows if every == 1 else rows[every::every]
    write(name, {"kind": "course", "model": model, "dt": dt, "initial": initial}, rows)


def ensemble(name, model, load, states, begin, until, **options):
    if wanted and name not in wanted:
        return
    machine = quiet(model, {}, {})
    samples = UnweightedSamples([machine.StateContainer(state) for state in states])
    result = MonteCarlo(machine).predict(
        samples, lambda t, x=None: machine.InputContainer(load(t, x)), n_samples=len(states), dt=1,
        save_freq=1e9, t0=begin, horizon=until, **options,
    )
    rows = []
    for state, times in zip(states, result.time_of_event):
        row = {f"x_{key}": float(value) for key, value in state.items()}
        # In the model's order: of each member they come in the order in which they happened.
        ends = [(event, times[event]) for event in machine.events if event in times.keys()]
        row.update({f"toe_{event}": math.nan if time is None else float(time) for event, time in ends})
        rows.append(row)
    write(name, {"kind": "ensemble", "model": model, "begin": begin, "horizon": until}, rows)


def filtered(name, model, load, steps, mean, variances, drift, noise, truth={}, seed=5):
    """A filter on measurements of a run that begins elsewhere: they, mean and covariance."""
    if wanted and name not in wanted:
        return
    chance = np.random.default_rng(seed)
    machine = quiet(model, {}, {})
    real = quiet(model, truth, {})
    keys = list(mean)
    first = MultivariateNormalDist(tuple(keys), list(mean.values()), np.diag(variances))
    estimator = UnscentedKalmanFilter(machine, first, t0=0, dt=1, Q=np.diag(drift), R=np.diag(noise))
    x = real.initialize(real.InputContainer(load(0, None)), {})
    rows = []
    for step in range(1, steps + 1):
        u = load(step - 0.5, None)
        x = real.next_state(x, real.InputContainer(u), 1.0)
        z = {key: number(value) + math.sqrt(r) * chance.normal() for (key, value), r in zip(real.output(x).items(), noise)}
        estimator.estimate(float(step), machine.InputContainer(u), machine.OutputContainer(z))
        row = {"t": float(step), **{f"u_{key}": float(value) for key, value in u.items()}}
        row.update({f"meas_{key}": value for key, value in z.items()})
        row.update({f"mean_{key}": number(value) for key, value in estimator.x.mean.items()})
        for a, left in enumerate(keys):
            row.update({f"P_{left}_{right}": float(estimator.filter.P[a, b]) for b, right in enumerate(keys)})
        rows.append(row)
    settings = {"mean": mean, "variances": variances, "drift": drift, "noise": noise}
    write(name, {"kind": "filter", "model": model, **settings}, rows)


def pump_inputs(volts, ambient=290.0, discharge=928654.0, suction=239179.0):
    return {"Tamb": ambient, "V": volts, "pdisch": discharge, "psuc": suction, "wsync": 0.8 * volts}


def steady(t, x=None):
    return pump_inputs(471.2389)


def varied(t, x=None):
    volts = 471.2389 + 60.0 * math.sin(t / 700.0) + (40.0 if t % 1200 < 300 else 0.0)
    return pump_inputs(volts, 290.0 + 12.0 * math.sin(t / 9000.0), 928654.0 + 1e5 * math.sin(t / 400.0))


def reversed_head(t, x=None):
    return pump_inputs(471.2389, 285.0, 239179.0, 928654.0) if t % 2000 < 1000 else steady(t)


def starting(t, x=None):
    return pump_inputs(min(471.2389, 50.0 + t))


def pumps():
    run = lambda name, load, until, initial={}, events=[]: course(
        name, "centrifugal_pump", load, until, 1.0, initial, {}, events
    )
    run("pump_impeller", steady, 2e5, {"wA": 0.02}, ["ImpellerWearFailure"])
    run("pump_impeller_fast", steady, 2e4, {"wA": 0.3}, ["ImpellerWearFailure"])
    run("pump_radial", steady, 2e5, {"wRadial": 2e-10}, ["RadialBearingOverheat"])
    run("pump_thrust", steady, 2e5, {"wThrust": 3e-10}, ["ThrustBearingOverheat"])
    hot = lambda t, x=None: pump_inputs(471.2389, 352.0 + 2.0 * math.sin(t / 500.0))
    run("pump_oil", hot, 2e5, {}, ["PumpOilOverheat"])
    run("pump_all_wear", varied, 4e4, {"wA": 0.012, "wRadial": 5e-11, "wThrust": 8e-11})
    run("pump_varied", varied, 2e4)
    run("pump_reversed", reversed_head, 1.2e4, {"wA": 0.005})
    run("pump_starting", starting, 3000.0, {"w": 5.0})
    course("pump_half_step", "centrifugal_pump", varied, 2000.0, 0.5, {"wA": 0.05})
    run("pump_past_all_events", varied, 3e4, {"wA": 0.3, "wRadial": 3e-10, "wThrust": 3e-10})
    off = lambda t, x=None: pump_inputs(471.2389 if t < 1000 else 0.0, 300.0)
    run("pump_switched_off", off, 2000.0)


def batteries():
    run = lambda name, load, until, initial={}, dt=1.0: course(
        name, "battery_circuit", lambda t, x=None: {"i": load(t)}, until, dt, initial, {}, ["EOD"]
    )
    run("battery_rest", lambda t: 0.0, 4000.0)
    run("battery_small", lambda t: 0.2, 60000.0)
    run("battery_high", lambda t: 8.0, 4000.0)
    run("battery_pulses", lambda t: 5.0 if t % 300 < 120 else 0.0, 20000.0)
    run("battery_sine", lambda t: 2.0 + 1.5 * math.sin(t / 90.0), 20000.0)
    run("battery_cold", lambda t: 3.0, 9000.0, {"tb": 273.0, "qb": 6000.0, "qcp": 3.0, "qcs": 20.0})
    run("battery_charging", lambda t: -0.5 if t < 2000 else 2.0, 20000.0, {"qb": 4000.0})
    run("battery_fine", lambda t: 2.5, 3000.0, {}, 0.25)
    course("battery_past_its_end", "battery_circuit", lambda t, x=None: {"i": 2.0}, 4500.0, 1.0)


def motors():
    one = lambda name, load, until, dt, initial={}: course(name, "dc_motor", load, until, dt, initial)
    one("motor_step", lambda t, x=None: {"v": 12.0 if t > 0.1 else 0.0, "t_l": 0.0}, 1.0, 1e-3)
    one("motor_back", lambda t, x=None: {"v": -8.0 + 16.0 * (t % 0.5 < 0.25), "t_l": 0.05}, 2.0, 1e-3, {"v_rot": 100.0})
    fan = lambda t, x=None: {"v": 14.0 + 3.0 * math.sin(9.0 * t), "t_l": 2e-5 * (number(x["v_rot"]) ** 2 if x else 0.0)}
    one("motor_fan", fan, 3.0, 5e-4)

    def fed(volts, torque):
        """Six-step commutation by the angle, as an inverter does it."""

        def load(t, x=None):
            angle = number(x["theta"]) if x else 0.0
            speed = number(x["v_rot"]) if x else 0.0
            v, torque_now = volts(t), torque(t, speed)
            sector = int(angle // (math.pi / 3)) % 6
            signs = [(1, -1, 0), (1, 0, -1), (0, 1, -1), (-1, 1, 0), (-1, 0, 1), (0, -1, 1)][sector]
            return {"v_a": v * signs[0], "v_b": v * signs[1], "v_c": v * signs[2], "t_l": torque_now}

        return load

    three = lambda name, load, until, dt, initial={}: course(name, "dc_motor_three_phase", load, until, dt, initial)
    fan3 = lambda t, speed: 2e-6 * speed * abs(speed)
    three("three_forward", fed(lambda t: 8.0, fan3), 3.0, 1e-4)
    three("three_backward", fed(lambda t: -8.0, fan3), 3.0, 1e-4)
    three("three_to_and_fro", fed(lambda t: 6.0 * math.sin(3.0 * t), fan3), 4.0, 1e-4, {"theta": 2.0})
    three("three_coarse", fed(lambda t: 4.0, fan3), 2.0, 5e-4, {"v_rot": 50.0})

    def open_loop(t, x=None):
        phase = 40.0 * t + 30.0 * t * t
        return {f"v_{k}": 3.0 * math.sin(phase - at * 2 * math.pi / 3) for at, k in enumerate("abc")} | {"t_l": 1e-3}

    three("three_open_loop", open_loop, 3.0, 1e-4)


def estimates():
    current = lambda t, x=None: {"i": 2.0 if t < 600 else 1.0 if t < 900 else 4.0}
    filtered("ukf_battery_wide", "battery_circuit", current, 1500,
             dict(zip(BATTERY_STATES, [290.0, 7000.0, 1.0, 5.0])), [4.0, 2.5e5, 0.5, 2.0], [1e-5, 1.0, 1e-2, 1e-2], [0.04, 1e-4])
    filtered("ukf_battery_sure", "battery_circuit", current, 1000,
             dict(zip(BATTERY_STATES, [292.1, 7856.3254, 0.1, 0.1])), [0.01, 25.0, 1e-4, 1e-4], [1e-6, 1e-3, 1e-6, 1e-6], [1.0, 0.01])
    pump = dict(zip(PUMP_STATES, [376.0, 0.01, 291.0, 291.0, 290.0, 12.5, 1.8e-6, 1.4e-6, -8e-8, 0.01, 1e-12, 1e-12]))
    filtered("ukf_pump", "centrifugal_pump", steady, 600, pump,
             [1.0, 1e-6, 4.0, 4.0, 4.0, 0.04, 1e-14, 1e-14, 1e-18, 1e-6, 1e-24, 1e-24],
             [1e-2, 1e-8, 1e-4, 1e-4, 1e-4, 1e-8, 1e-18, 1e-18, 1e-20, 1e-10, 1e-28, 1e-28],
             [0.04, 1e-8, 0.25, 0.25, 0.25], {"wA": 0.01})


def ensembles():
    chance = np.random.default_rng(11)
    current = lambda t, x=None: {"i": 2.0 if t < 600 else 1.0 if t < 900 else 4.0 if t < 1800 else 2.0 if t < 3000 else 3.0}
    wide = [
        {"tb": chance.uniform(270, 320), "qb": chance.uniform(500, 7900), "qcp": chance.uniform(0, 10), "qcs": chance.uniform(0, 60)}
        for _ in range(200)
    ]
    ensemble("mc_battery_wide", "battery_circuit", current, wide, 0, 12000.0)
    ensemble("mc_battery_later", "battery_circuit", current, wide[:80], 1234, 9000.0)
    short = wide[100:140]
    ensemble("mc_battery_short", "battery_circuit", current, short, 0, 1500.0)
    machine = quiet("centrifugal_pump", {}, {})
    first = {key: number(value) for key, value in machine.initialize(machine.InputContainer(steady(0)), {}).items()}

    def worn(w_a, spread):
        state = {**first, "wA": w_a, "w": first["w"] * (1 + 0.1 * spread * chance.normal()), "Q": abs(0.02 * spread * chance.normal())}
        for key in ("Tt", "Tr", "To"):
            state[key] = 290.0 + 15.0 * spread * chance.normal()
        state["A"] = 12.7084 - 2.0 * spread * chance.random()
        return state

    slow = [worn(10 ** chance.uniform(-1.6, -0.52), 1.0) for _ in range(24)]
    ensemble("mc_pump_impeller", "centrifugal_pump", varied, slow, 0, 20000.0, events=["ImpellerWearFailure"])
    soon = lambda: 10 ** chance.uniform(-9.2, -8.5)
    every = [{**worn(10 ** chance.uniform(-1.3, -0.52), 1.0), "wRadial": soon(), "wThrust": soon()} for _ in range(24)]
    warm = lambda t, x=None: {**varied(t), "Tamb": 340.0 + 18.0 * math.sin(t / 3000.0)}
    ensemble("mc_pump_every", "centrifugal_pump", warm, every, 0, 15000.0)


for work in (motors, batteries, pumps, estimates, ensembles):
    work()
