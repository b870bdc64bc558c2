//! The command `simulate`: when a course begins and ends, what acts on the machine, and how it is solved.

use crate::brain::columns;
use crate::programs::{fine, folder, run};

#[test]
fn a_course_begins_where_its_table_does_or_where_it_is_told_to() {
    let folder = folder();
    let path = folder.path().join("late.csv");
    std::fs::write(&path, "t,u_i\n36000,2\n36001,2\n36002,3\n").expect("written");
    let late = path.to_str().expect("text");
    let course = columns(&fine(&["simulate", "battery_circuit", "--inputs", late]));
    assert_eq!(course["t"], [36000.0, 36001.0, 36002.0]);
    assert_eq!(course["u_i"], [2.0, 2.0, 3.0]);
    let options = ["--inputs", late, "--begin", "35998", "--until", "36001"];
    let sooner = columns(&fine(&[&["simulate", "battery_circuit"][..], &options[..]].concat()));
    assert_eq!(sooner["t"], [35998.0, 35999.0, 36000.0, 36001.0]);
    // A first row that is the end of a first step leaves the state before it out.
    std::fs::write(&path, "t,u_i\n1,2\n2,3\n").expect("written");
    let without = columns(&fine(&["simulate", "battery_circuit", "--inputs", late]));
    std::fs::write(&path, "t,u_i\n0,2\n1,2\n2,3\n").expect("written");
    assert_eq!(without, columns(&fine(&["simulate", "battery_circuit", "--inputs", late])));
    assert_eq!(without["t"], [0.0, 1.0, 2.0]);
    // Seconds since 1970 in steps of a second are as many rows as there are.
    std::fs::write(&path, "t,u_i\n1764393600,2\n1764393660,2\n").expect("written");
    assert_eq!(columns(&fine(&["simulate", "battery_circuit", "--inputs", late]))["t"].len(), 61);
    // Of one row nothing follows but where it begins.
    std::fs::write(&path, "t,u_i\n5,2\n").expect("written");
    let (status, out, errors) = run(&["simulate", "battery_circuit", "--inputs", late]);
    assert_eq!((status, columns(&out)["t"].clone()), (0, vec![5.0]));
    assert!(errors.contains("it ends where it begins, at 5 s"), "{errors}");
    std::fs::write(&path, "t,u_i\n1764393600,2\n1764393660,2\n").expect("written");
    let cases: [(&[&str], &str); 7] = [
        (&["--until", "5", "--noise", "(qb: -1)"], "`qb` is -1, and none is below 0"),
        (&["--until", "inf"], "expected a finite time"),
        (&["--until", "NaN"], "expected a finite time"),
        (&["--inputs", late, "--until", "10"], "before it begins at 1764393600 s"),
        (&["--until", "1e12"], "1.0e12 steps"),
        (&["--until", "5", "--tolerance", "1e-9"], "take --solver dopri5"),
        (&["--inputs", late, "--set", "i=2"], "`i` has a column, and --set, too"),
    ];
    for (options, wanted) in cases {
        let (status, out, errors) = run(&[&["simulate", "battery_circuit"][..], options].concat());
        assert_eq!((status, out.as_str()), (1, ""), "{options:?}: {errors}");
        assert!(errors.contains(wanted), "{options:?}: {errors}");
    }
    for option in [["--dt", "nan"], ["--dt", "0"], ["--every", "inf"], ["--begin", "inf"]] {
        let (status, _, errors) =
            run(&[&["simulate", "battery_circuit"][..], &option[..]].concat());
        assert!(status != 0 && errors.contains("expected a finite number"), "{option:?}: {errors}");
    }
}

#[test]
fn inputs_are_held_or_scheduled_without_a_table() {
    let folder = folder();
    let machine = folder.path().join("machine.ron");
    let text = "(model: \"battery_circuit\", inputs: {\"i\": [(0, 2), (\"10s\", 1), (15, 4)]})";
    std::fs::write(&machine, text).expect("written");
    let machine = machine.to_str().expect("text");
    let course = columns(&fine(&["simulate", machine, "--until", "20"]));
    let drawn = |t: usize| course["u_i"][t];
    assert_eq!([drawn(10), drawn(11), drawn(15), drawn(16), drawn(20)], [2.0, 1.0, 1.0, 4.0, 4.0]);
    for set in ["i=2.5", "(i: 2.5)"] {
        let held = columns(&fine(&["simulate", machine, "--set", set, "--until", "3"]));
        assert_eq!(held["u_i"], [2.5; 4]);
    }
    // Part by the table, the rest held.
    let table = folder.path().join("volts.csv");
    std::fs::write(&table, "t,V\n0,400\n2,400\n").expect("written");
    let table = table.to_str().expect("text");
    let pump = ["simulate", "centrifugal_pump", "--inputs", table, "--set", "psuc=3e5,Tamb=300"];
    let pump = columns(&fine(&pump));
    assert_eq!((pump["u_V"][2], pump["u_psuc"][2], pump["u_Tamb"][2]), (400.0, 3e5, 300.0));
    let (status, _, errors) = run(&["simulate", machine, "--set", "I=2", "--until", "3"]);
    assert!(status == 1 && errors.contains("unknown input `I`"), "{errors}");
}

#[test]
fn an_event_that_holds_at_the_beginning_is_told_and_not_waited_for() {
    let empty = ["simulate", "battery_circuit", "--initial", "(qb: 50)"];
    let (status, out, errors) = run(&[&empty[..], &["--until", "event"][..]].concat());
    assert_eq!((status, out.lines().count()), (0, 2), "{errors}");
    assert!(errors.contains("EOD holds at the beginning already, at 0 s"), "{errors}");
    assert_eq!(columns(&fine(&[&empty[..], &["--until", "5"][..]].concat()))["t"].len(), 6);
}

#[test]
fn a_solver_and_its_tolerance_are_chosen_for_a_run_or_by_the_machine_s_file() {
    let folder = folder();
    let machine = folder.path().join("motor.ron");
    std::fs::write(&machine, "(model: \"dc_motor\", solver: \"rosenbrock\")").expect("written");
    let machine = machine.to_str().expect("text");
    let speed = |args: &[&str]| {
        let course = columns(&fine(&[&["simulate"][..], args, &["--until", "0.4"][..]].concat()));
        *course["x_v_rot"].last().expect("rows")
    };
    let fine_steps = speed(&["dc_motor", "--dt", "1e-5", "--solver", "rk4"]);
    let stated = speed(&[machine, "--dt", "0.1"]);
    assert!((stated / fine_steps - 1.0).abs() < 1e-5, "{stated} {fine_steps}");
    let exact =
        speed(&[machine, "--dt", "0.1", "--solver", "dopri5", "--tolerance", "1e-11,1e-13"]);
    assert!((exact / fine_steps - 1.0).abs() < 1e-10, "{exact} {fine_steps}");
    let odd = folder.path().join("odd.ron");
    std::fs::write(&odd, "(model: \"dc_motor\", solver: \"rk5\")").expect("written");
    let (status, _, errors) = run(&["simulate", odd.to_str().expect("text"), "--until", "1"]);
    assert!(status == 1 && errors.contains("did you mean `rk4`"), "{errors}");
    let broken = ["simulate", "plate_heat_exchanger", "--params", "(t_rem: 0)", "--until", "100"];
    for solver in ["euler", "rk4", "dopri5", "rosenbrock"] {
        let (status, _, errors) = run(&[&broken[..], &["--solver", solver][..]].concat());
        assert!(status == 1 && errors.contains("became NaN"), "{solver}: {errors}");
    }
}

#[test]
fn rows_stand_at_whole_steps_and_as_far_apart_as_was_asked() {
    let times = |args: &[&str]| {
        let begin = ["simulate", "battery_circuit"];
        columns(&fine(&[&begin[..], args].concat()))["t"].clone()
    };
    let many = times(&["--dt", "0.1", "--until", "3000"]);
    assert_eq!(many.len(), 30_001);
    for (step, time_s) in many.iter().enumerate() {
        assert_eq!(*time_s, step as f64 / 10.0);
    }
    assert_eq!(times(&["--dt", "0.7", "--until", "2"]), [0.0, 0.7, 1.4, 2.0]);
    // A usual step is made to fit; a stated one is taken, and what comes of it is said.
    assert_eq!(times(&["--every", "2.5", "--until", "10"]), [0.0, 2.5, 5.0, 7.5, 10.0]);
    assert_eq!(times(&["--every", "0.25", "--until", "1"]), [0.0, 0.25, 0.5, 0.75, 1.0]);
    let odd = ["simulate", "battery_circuit", "--dt", "0.4", "--every", "1", "--until", "2.4"];
    let (status, out, errors) = run(&odd);
    assert_eq!((status, columns(&out)["t"].clone()), (0, vec![0.0, 1.2, 2.4]), "{errors}");
    assert!(errors.contains("rows are 1.2 s apart, 3 steps of 0.4 s each"), "{errors}");
    let (status, _, errors) =
        run(&["simulate", "battery_circuit", "--dt", "1", "--every", "0.6", "--until", "5"]);
    assert!(status == 1 && errors.contains("need steps of 0.6 s or less"), "{errors}");
}

#[test]
fn a_step_is_judged_on_the_model_as_it_will_run() {
    let low = ["simulate", "battery_circuit", "--params", "(Rcp0: 0.03)", "--until", "20"];
    let of = |more: &[&str]| run(&[&low[..], more].concat());
    let note = "steps of 0.2 s are taken: `battery_circuit` does not bear its usual ones of 1 s";
    let (status, out, errors) = of(&[]);
    assert_eq!((status, columns(&out)["t"].len()), (0, 101), "{errors}");
    assert!(errors.contains(note), "{errors}");
    // A step that fits, or a solver that bears any, leaves nothing to be shortened.
    for more in [&["--dt", "0.5"][..], &["--solver", "rosenbrock"], &["--solver", "dopri5"]] {
        let (status, _, errors) = of(more);
        assert!(status == 0 && !errors.contains("steps of"), "{more:?}: {errors}");
    }
    let (status, out, errors) = of(&["--dt", "2"]);
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(errors.contains("does not bear steps of 2 s"), "{errors}");
    assert!(errors.contains("0.8"), "{errors}");
    assert!(errors.contains(" s is the longest step that holds"), "{errors}");
    // Another solver than usual needs other steps.
    let motor = ["simulate", "dc_motor", "--until", "1", "--solver", "euler"];
    let (status, _, errors) = run(&motor);
    assert_eq!(status, 0, "{errors}");
    assert!(errors.contains("steps of 0.001 s are taken: `dc_motor`"), "{errors}");
}
