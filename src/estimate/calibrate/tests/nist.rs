//! The search against the certified values of NIST's Statistical Reference Datasets for nonlinear
//! regression (https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml): parameters, standard
//! errors and residual sums of squares, from both of the given starts.

use super::*;

struct Certified {
    /// y and x.
    data: &'static [(f64, f64)],
    model: fn(&[f64], f64) -> f64,
    starts: [&'static [f64]; 2],
    values: &'static [f64],
    errors: &'static [f64],
    cost: f64,
}

fn keeps(certified: &Certified, options: &SearchOptions) {
    for start in certified.starts {
        let each = start.iter().enumerate();
        let unknowns = each.map(|(at, start)| Unknown::new(&format!("b{}", at + 1), *start));
        let fit = minimise(unknowns.collect(), options.clone(), |b| {
            Ok::<_, String>(
                certified.data.iter().map(|(y, x)| y - (certified.model)(b, *x)).collect(),
            )
        });
        let fit = fit.expect("it fits");
        let values = off(fit.values.iter().map(|b| b.value), certified.values);
        let errors = off(fit.values.iter().map(|b| b.error.expect("an error")), certified.errors);
        let cost = off([fit.cost].into_iter(), &[certified.cost]);
        assert!(fit.ending.has_converged(), "{fit:#?}");
        assert!(values < 5e-7 && errors < 5e-7 && cost < 1e-9, "{values} {errors} {cost}");
    }
}

fn keeps_either_way(certified: &Certified) {
    keeps(certified, &SearchOptions::default());
    keeps(
        certified,
        &SearchOptions { differences: Differences::Central, ..SearchOptions::default() },
    );
}

#[test]
fn calibration_of_misra1a_finds_the_certified_values() {
    keeps_either_way(&Certified {
        data: &[
            (10.07, 77.6),
            (14.73, 114.9),
            (17.94, 141.1),
            (23.93, 190.8),
            (29.61, 239.9),
            (35.18, 289.0),
            (40.02, 332.8),
            (44.82, 378.4),
            (50.76, 434.8),
            (55.05, 477.3),
            (61.01, 536.8),
            (66.40, 593.1),
            (75.47, 689.1),
            (81.78, 760.0),
        ],
        model: |b, x| b[0] * (1.0 - libm::exp(-b[1] * x)),
        starts: [&[500.0, 1e-4], &[250.0, 5e-4]],
        values: &[2.3894212918e2, 5.5015643181e-4],
        errors: &[2.7070075241, 7.2668688436e-6],
        cost: 1.2455138894e-1,
    });
}

#[test]
fn calibration_of_thurber_finds_the_certified_values() {
    keeps_either_way(&Certified {
        data: &THURBER,
        model: |b, x| {
            let above = b[0] + x * (b[1] + x * (b[2] + x * b[3]));
            above / (1.0 + x * (b[4] + x * (b[5] + x * b[6])))
        },
        starts: [
            &[1000.0, 1000.0, 400.0, 40.0, 0.7, 0.3, 0.03],
            &[1300.0, 1500.0, 500.0, 75.0, 1.0, 0.4, 0.05],
        ],
        values: &[
            1.2881396800e3,
            1.4910792535e3,
            5.8323836877e2,
            7.5416644291e1,
            9.6629502864e-1,
            3.9797285797e-1,
            4.9727297349e-2,
        ],
        errors: &[
            4.6647963344,
            3.9571156086e1,
            2.8698696102e1,
            5.5675370270,
            3.1333340687e-2,
            1.4984928198e-2,
            6.5842344623e-3,
        ],
        cost: 5.6427082397e3,
    });
}

#[test]
fn calibration_of_mgh09_finds_the_certified_values() {
    keeps_either_way(&Certified {
        data: &[
            (1.957e-1, 4.0),
            (1.947e-1, 2.0),
            (1.735e-1, 1.0),
            (1.6e-1, 0.5),
            (8.44e-2, 0.25),
            (6.27e-2, 0.167),
            (4.56e-2, 0.125),
            (3.42e-2, 0.1),
            (3.23e-2, 0.0833),
            (2.35e-2, 0.0714),
            (2.46e-2, 0.0625),
        ],
        model: |b, x| b[0] * (x * x + x * b[1]) / (x * x + x * b[2] + b[3]),
        starts: [&[25.0, 39.0, 41.5, 39.0], &[0.25, 0.39, 0.415, 0.39]],
        values: &[1.9280693458e-1, 1.9128232873e-1, 1.2305650693e-1, 1.3606233068e-1],
        errors: &[1.1435312227e-2, 1.9633220911e-1, 8.0842031232e-2, 9.0025542308e-2],
        cost: 3.0750560385e-4,
    });
}

const THURBER: [(f64, f64); 37] = [
    (80.574, -3.067),
    (84.248, -2.981),
    (87.264, -2.921),
    (87.195, -2.912),
    (89.076, -2.840),
    (89.608, -2.797),
    (89.868, -2.702),
    (90.101, -2.699),
    (92.405, -2.633),
    (95.854, -2.481),
    (100.696, -2.363),
    (101.060, -2.322),
    (401.672, -1.501),
    (390.724, -1.460),
    (567.534, -1.274),
    (635.316, -1.212),
    (733.054, -1.100),
    (759.087, -1.046),
    (894.206, -0.915),
    (990.785, -0.714),
    (1090.109, -0.566),
    (1080.914, -0.545),
    (1122.643, -0.400),
    (1178.351, -0.309),
    (1260.531, -0.109),
    (1273.514, -0.103),
    (1288.339, 0.010),
    (1327.543, 0.119),
    (1353.863, 0.377),
    (1414.509, 0.790),
    (1425.208, 0.963),
    (1421.384, 1.006),
    (1442.962, 1.115),
    (1464.350, 1.572),
    (1468.705, 1.841),
    (1447.894, 2.047),
    (1457.628, 2.200),
];
