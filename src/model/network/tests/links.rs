//! Which property is which variable, and how its unit is converted.

use std::f64::consts::TAU;

use super::*;
use crate::model::load::Hold;
use crate::model::network::{Link, VariableId};
use crate::model::table::load;
use crate::twin::{self, PropertyId};

fn scene(name: &str) -> (Twin, Network) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes").join(name);
    let twin = twin::load(&path).expect("a twin").twin;
    let network = Network::of(&twin).expect("it is wired");
    (twin, network)
}

fn property(twin: &Twin, path: &str) -> PropertyId {
    twin.property_by_path(path).unwrap_or_else(|| panic!("there is no `{path}`"))
}

fn name(network: &Network, link: &Link) -> String {
    let about = network.machine.model.about();
    link.variable.of(about).expect("the model has it").name.clone()
}

/// The only link of a property, and the variable's name.
fn only(twin: &Twin, network: &Network, path: &str) -> (Link, String) {
    let links: Vec<Link> = network.links.of_property(property(twin, path)).copied().collect();
    let [link] = links[..] else { panic!("`{path}` has {} links", links.len()) };
    (link, name(network, &link))
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-12 * b.abs(), "{a} {b}");
}

#[test]
fn each_property_of_the_transfer_station_is_its_variable_in_the_model_s_unit() {
    let (twin, network) = scene("transfer.ron");
    let cases = [
        ("station/TK-1.level", "TK-1.h", 1.2, 1.2),
        ("station/TK-1.temperature", "TK-1.T", 20.0, 293.15),
        ("station/P-1.command", "P-1.wsync", 3000.0, 50.0 * TAU),
        ("station/P-1.speed", "P-1.w", 1500.0, 25.0 * TAU),
        ("station/P-1.flow", "P-1.Qout", 18.0, 0.005),
        ("station/TK-2.level", "TK-2.h", 0.3, 0.3),
        ("station/TK-2.temperature", "TK-2.T", -3.15, 270.0),
    ];
    assert_eq!(network.links.all().len(), cases.len());
    for (path, variable, measured, modelled) in cases {
        let (link, found) = only(&twin, &network, path);
        assert_eq!(found, variable);
        close(link.to_model(measured), modelled);
        close(link.to_property(modelled), measured);
    }
}

#[test]
fn each_of_three_pumps_has_the_links_of_its_own_properties() {
    let (twin, network) = scene("three_pumps.ron");
    assert_eq!(network.assets.len(), 3);
    for (machine, asset) in network.assets.iter().enumerate() {
        let links = network.links.of_machine(machine);
        let pump = &twin.asset(*asset).name;
        let names: Vec<String> = links.iter().map(|link| name(&network, link)).collect();
        assert_eq!(names, [format!("{pump}.w"), format!("{pump}.Qout")]);
        for link in links {
            assert_eq!(link.machine, machine);
            assert!(twin.properties_of(*asset).any(|property| property == link.property));
            assert!(matches!(link.variable, VariableId::Output(_)));
        }
        close(links[0].to_model(60.0), TAU);
        close(links[1].to_model(3.6), 0.001);
    }
    assert!(network.links.of_machine(3).is_empty());
}

#[test]
fn what_is_found_by_property_and_by_machine_are_the_same_links() {
    for scene_name in ["transfer.ron", "three_pumps.ron"] {
        let (twin, network) = scene(scene_name);
        let links = &network.links;
        let mut by_property: Vec<Link> =
            twin.property_ids().flat_map(|id| links.of_property(id)).copied().collect();
        by_property.sort_by_key(|link| (link.machine, link.variable));
        let by_machine: Vec<Link> =
            (0..network.assets.len()).flat_map(|at| links.of_machine(at)).copied().collect();
        assert_eq!(by_machine, links.all());
        assert_eq!(by_property, links.all());
        assert!(links.of_property(PropertyId(u32::MAX)).next().is_none());
    }
}

#[test]
fn a_table_that_names_a_property_is_converted_by_its_link_to_the_bit() {
    let (twin, network) = scene("transfer.ron");
    let about = network.machine.model.about();
    for link in network.links.all() {
        let text = format!("t,{}\n0,17.3\n", twin.property_path(link.property));
        let table = Table::read(text.as_bytes()).expect("a table");
        let variable = link.variable.of(about).expect("the model has it");
        let column = table.variable("u", variable).expect("by the property's name");
        assert_eq!(column[0].to_bits(), link.to_model(17.3).to_bits(), "{}", variable.name);
    }
}

const TANK: &str = "\"Tank\": (behaviour: (file: \"tank.ron\", inputs: {\"q_in\": \"feed\"}, \
                    states: {\"T\": \"estimate\"}, outputs: {\"T\": \"warmth\"}), \
                    properties: {\"feed\": (unit: \"m3/h\"), \"warmth\": (unit: \"Cel\"), \
                    \"estimate\": (kind: estimate, unit: \"Cel\")})";

#[test]
fn a_property_that_shows_a_state_is_linked_to_it() {
    let twin = twin(TANK, "(name: \"T-1\", class: \"Tank\")", "").expect("a twin");
    let network = Network::of(&twin).expect("a tank");
    let (link, found) = only(&twin, &network, "T-1.estimate");
    assert_eq!((link.variable, &*found), (VariableId::State(1), "T-1.T"));
    close(link.to_property(300.0), 26.85);
    let kinds: Vec<VariableId> =
        network.links.of_machine(0).iter().map(|link| link.variable).collect();
    let expected = [VariableId::Input(0), VariableId::State(1), VariableId::Output(1)];
    assert_eq!(kinds, expected);
}

#[test]
fn a_property_may_be_an_output_of_one_machine_and_an_input_of_another() {
    let assets = "(name: \"T-1\", class: \"Tank\"), (name: \"T-2\", class: \"Tank\")";
    let wiring = "(property: \"T-1.warmth\", to: \"T-2.T_in\")";
    let twin = twin(TANK, assets, wiring).expect("a twin");
    let network = Network::of(&twin).expect("two tanks");
    let links: Vec<(usize, String)> = network
        .links
        .of_property(property(&twin, "T-1.warmth"))
        .map(|link| (link.machine, name(&network, link)))
        .collect();
    assert_eq!(links, [(0, "T-1.T".to_owned()), (1, "T-2.T_in".to_owned())]);
}

#[test]
fn properties_that_are_summed_are_inputs_in_their_own_unit_and_a_wired_input_is_no_property_s() {
    let twin = twin(METERS, METERED, "(property: \"F-1.flow\", to: \"T-2.q_in\", adds: true)");
    let twin = twin.expect("a twin");
    let network = Network::of(&twin).expect("a sum");
    let (link, found) = only(&twin, &network, "F-1.flow");
    assert_eq!((link.machine, &*found, link.to_model(7.2)), (1, "F-1.flow", 7.2));

    let assets = "(name: \"T-1\", class: \"Tank\"), (name: \"T-2\", class: \"Tank\")";
    let wired = super::twin(TANK, assets, "(from: \"T-1.q_out\", to: \"T-2.q_in\")");
    let twin = wired.expect("a twin");
    let network = Network::of(&twin).expect("two tanks");
    assert!(network.links.of_property(property(&twin, "T-2.feed")).next().is_none());
    assert_eq!(only(&twin, &network, "T-1.feed").1, "T-1.q_in");
}

#[test]
fn a_link_whose_unit_does_not_convert_is_reported_with_file_line_and_what_is_expected() {
    let class = |kind: &str, variable: &str, property: &str| {
        format!(
            "\n\"Tank\": (\n behaviour: (file: \"tank.ron\",\n  {kind}: {{\"{variable}\": \
             \"{property}\"}}),\n properties: {{\"p\": (unit: \"bar\"), \"mode\": (type: text)}})"
        )
    };
    let cases = [
        ("inputs", "q_in", "p", "`p` is in bar", "a unit that converts to m3/s"),
        ("states", "T", "p", "`p` is in bar", "a unit that converts to K"),
        ("outputs", "h", "p", "`p` is in bar", "a unit that converts to m"),
        ("states", "T", "mode", "`mode` is not a number", ""),
        ("states", "Temp", "p", "unknown state `Temp`", ""),
        ("states", "T", "pp", "unknown property `pp`", "did you mean `p`"),
    ];
    for (kind, variable, property, message, expected) in cases {
        let asset = "(name: \"T-1\", class: \"Tank\")";
        let error = network(&class(kind, variable, property), asset, "").expect_err("it is wrong");
        assert!(error.contains(message) && error.contains(expected), "{error}");
        assert!(error.contains("plant.ron:4:"), "{error}");
    }
}

/// A tank whose temperature `T` as an output is the property `T`, in °C; the state is none.
const SAME_NAME: &str = "\"Tank\": (behaviour: (file: \"tank.ron\", outputs: {\"T\": \"T\"}), \
                         properties: {\"T\": (unit: \"Cel\"), \"h\": (unit: \"mm\")})";

/// The state, the output and the notes of a table with that column, whose number is 20.
fn same_name(assets: &str, column: &str) -> ([Option<f64>; 2], Vec<String>) {
    let twin = twin(SAME_NAME, assets, "").expect("a twin");
    let network = Network::of(&twin).expect("a tank");
    let about = network.machine.model.about();
    let table = Table::read(format!("t,{column}\n0,20\n").as_bytes()).expect("a table");
    let read = |prefix, variable| table.variable(prefix, variable).map(|column| column[0]);
    let (_, notes) = load(&table, about, Hold::End).expect("a load");
    let notes = notes.into_iter().filter(|note| !note.starts_with("there is no column"));
    let values = [read("x", &about.states[1]), read("z", &about.outputs[1])];
    (values, notes.collect())
}

#[test]
fn a_column_that_may_be_a_property_or_a_variable_is_the_property_in_its_unit() {
    let root = "(name: \"T-1\", class: \"Tank\")";
    let below = "(name: \"hall\"), (name: \"T-1\", class: \"Tank\", parent: \"hall\")";
    for (assets, column) in [(root, "T-1.T"), (below, "T-1.T"), (below, "hall/T-1.T")] {
        let ([state, output], notes) = same_name(assets, column);
        close(output.expect("it is the property"), 293.15);
        assert_eq!((state, notes), (None, vec![]), "the state is no property: {column}");
    }
    let ([_, output], _) = same_name(root, "T-1.T [K]");
    close(output.expect("it is the property"), 20.0);
    let ([state, output], _) = same_name(root, "x_T-1.T");
    assert_eq!((state, output), (Some(20.0), None), "with a prefix it is the variable");
}

#[test]
fn a_property_that_has_a_variable_s_name_and_is_not_linked_to_it_is_not_read_as_that() {
    let root = "(name: \"T-1\", class: \"Tank\")";
    let twin = twin(SAME_NAME, root, "").expect("a twin");
    let network = Network::of(&twin).expect("a tank");
    let about = network.machine.model.about();
    let table = Table::read(b"t,T-1.h\n0,20\n").expect("a table");
    assert_eq!(about.states[0].name, "T-1.h");
    assert_eq!(table.variable("x", &about.states[0]), None, "millimetres are no metres");
    let (_, notes) = same_name(root, "T-1.h");
    let expected = "expected a column `x_T-1.h` for the variable, in its own unit";
    assert!(notes.len() == 1 && notes[0].ends_with(expected), "{notes:?}");
    assert!(same_name(root, "x_T-1.h").1.is_empty());
}
